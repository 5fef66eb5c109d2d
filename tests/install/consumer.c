/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An application in C, built outside the tree against what is installed. */
#include <gst/livetranscript/livetranscript.h>

static void
check_transcript (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstTranscript) transcript = gst_transcript_new_from_json (
      "{\"kind\":\"transcript\",\"epoch\":\"5f0e\",\"utteranceId\":\"u1\",\"revision\":2,\"isFinal\":true,"
      "\"text\":\"Good morning.\",\"start\":4.0,\"end\":5.0}", -1, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (gst_transcript_get_text (transcript), ==, "Good morning.");
  g_assert_true (gst_transcript_is_final (transcript));

  GstBuffer *buffer = gst_buffer_new ();
  gst_buffer_add_transcript_meta (buffer, transcript, NULL);
  g_autoptr (GstTranscript) found = gst_transcript_from_buffer (buffer, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (gst_transcript_get_utterance_id (found), ==, "u1");
  gst_buffer_unref (buffer);
}

static void
check_heartbeat (void)
{
  guint interval = 0, missed = 0;
  GstEvent *event = gst_event_new_livetranscript_heartbeat ("me", 15000, 3);
  g_assert_true (gst_event_parse_livetranscript_heartbeat (event, NULL, &interval, &missed));
  g_assert_cmpuint (interval, ==, 15000);
  g_assert_cmpuint (missed, ==, 3);
  gst_event_unref (event);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  check_transcript ();
  check_heartbeat ();
  return 0;
}
