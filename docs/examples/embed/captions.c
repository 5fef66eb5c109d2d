/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Live captions inside an application: audio goes in by appsrc, transcripts come out by appsink and on the bus.
 *
 *   captions AUDIO.raw [PORT]
 *
 * AUDIO.raw is S16LE, 16 kHz, one channel. With a PORT viewers see the captions too: http://127.0.0.1:PORT/?session=demo */
#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/livetranscript/livetranscript.h>
#include <stdio.h>
#include <stdlib.h>

#define RATE 16000
#define BLOCK_BYTES (RATE / 50 * 2) /* 20 ms */

/* clocksync makes a file as slow as a microphone. Leave it out when the audio is live. */
#define PIPELINE                                                                                                       \
  "appsrc name=audio format=time caps=audio/x-raw,format=S16LE,layout=interleaved,rate=16000,channels=1"               \
  " ! clocksync ! pcmchunker ! gladiasink name=recogniser languages=en post-messages=true ! tee name=words"            \
  " words. ! queue ! appsink name=texts sync=false async=false"
#define VIEWERS " words. ! queue ! transcriptbroadcast port=%s session=demo"

typedef struct
{
  GMainLoop *loop;
  FILE *audio;
  guint64 bytes;  /* handed to the pipeline so far */
  int exit_status;
} App;

static void
print_transcript (const char *way, GstTranscript *transcript)
{
  GstClockTime start = gst_transcript_get_start (transcript), end = gst_transcript_get_end (transcript);
  const char *what = gst_transcript_is_final (transcript) ? "final" : "partial";

  if (gst_transcript_get_kind (transcript) == GST_TRANSCRIPT_KIND_GAP)
    what = "nothing heard";
  g_print ("%s %s %.2f-%.2f %s\n", way, what, (double) start / GST_SECOND, (double) end / GST_SECOND,
      gst_transcript_get_text (transcript));
}

/* appsrc's streaming thread: one block of audio, or the end. */
static void
give_audio (GstAppSrc *source, guint wanted G_GNUC_UNUSED, gpointer data)
{
  App *app = data;
  gchar *block = g_malloc (BLOCK_BYTES);
  gsize size = fread (block, 1, BLOCK_BYTES, app->audio);

  if (size == 0) {
    g_free (block);
    gst_app_src_end_of_stream (source);
    return;
  }
  GstBuffer *buffer = gst_buffer_new_wrapped (block, size);
  GST_BUFFER_PTS (buffer) = gst_util_uint64_scale (app->bytes, GST_SECOND, RATE * 2);
  GST_BUFFER_DURATION (buffer) = gst_util_uint64_scale (size, GST_SECOND, RATE * 2);
  app->bytes += size;
  gst_app_src_push_buffer (source, buffer);
}

/* A streaming thread: one transcript from a buffer. */
static GstFlowReturn
take_transcript (GstAppSink *sink, gpointer data G_GNUC_UNUSED)
{
  g_autoptr (GstSample) sample = gst_app_sink_pull_sample (sink);
  g_autoptr (GError) error = NULL;

  if (sample == NULL)
    return GST_FLOW_EOS;
  g_autoptr (GstTranscript) transcript =
      gst_transcript_from_buffer (gst_sample_get_buffer (sample), gst_sample_get_caps (sample), &error);
  if (transcript != NULL)
    print_transcript ("buffer", transcript);
  else
    g_printerr ("A buffer is no transcript: %s\n", error->message);
  return GST_FLOW_OK;
}

/* What gladiasink tells about its session. */
static void
take_element_message (const GstStructure *news)
{
  if (gst_structure_has_name (news, "gladiasink/transcript")) {
    g_autoptr (GstTranscript) transcript = NULL;
    if (gst_structure_get (news, "transcript", GST_TYPE_TRANSCRIPT, &transcript, NULL))
      print_transcript ("bus", transcript);
  } else if (gst_structure_has_name (news, "gladiasink/connected")) {
    g_printerr ("Connected to the recogniser.\n");
  } else if (gst_structure_has_name (news, "gladiasink/retrying") || gst_structure_has_name (news, "gladiasink/gap")) {
    g_printerr ("Recogniser: %s\n", gst_structure_get_string (news, "reason"));
  }
}

static void
take_error (App *app, GstMessage *message)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *debug = NULL;

  gst_message_parse_error (message, &error, &debug);
  g_printerr ("Error: %s\n%s\n", error->message, debug ? debug : "");
  app->exit_status = EXIT_FAILURE;
  g_main_loop_quit (app->loop);
}

/* Main thread. */
static gboolean
take_message (GstBus *bus G_GNUC_UNUSED, GstMessage *message, gpointer data)
{
  App *app = data;

  switch (GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_ERROR:
      take_error (app, message);
      break;
    case GST_MESSAGE_WARNING:{
      g_autoptr (GError) warning = NULL;
      gst_message_parse_warning (message, &warning, NULL);
      g_printerr ("Warning: %s\n", warning->message);
      break;
    }
    case GST_MESSAGE_EOS: /* after the last transcript */
      g_main_loop_quit (app->loop);
      break;
    case GST_MESSAGE_ELEMENT:
      take_element_message (gst_message_get_structure (message));
      break;
    default:
      break;
  }
  return G_SOURCE_CONTINUE;
}

static GstElement *
make_pipeline (App *app, const char *port)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *viewers = port ? g_strdup_printf (VIEWERS, port) : g_strdup ("");
  g_autofree gchar *description = g_strconcat (PIPELINE, viewers, NULL);
  GstElement *pipeline = gst_parse_launch_full (description, NULL, GST_PARSE_FLAG_FATAL_ERRORS, &error);

  if (pipeline == NULL) {
    g_printerr ("Cannot make the pipeline: %s\n", error->message);
    return NULL;
  }
  g_autoptr (GstElement) audio = gst_bin_get_by_name (GST_BIN (pipeline), "audio");
  g_autoptr (GstElement) texts = gst_bin_get_by_name (GST_BIN (pipeline), "texts");
  GstAppSrcCallbacks source = {.need_data = give_audio };
  GstAppSinkCallbacks sink = {.new_sample = take_transcript };
  gst_app_src_set_callbacks (GST_APP_SRC (audio), &source, app, NULL);
  gst_app_sink_set_callbacks (GST_APP_SINK (texts), &sink, app, NULL);
  return pipeline;
}

/* What a wsheartbeat in the pipeline would say: no WebSocket peer may be silent for longer than 3 x 15 s. Who owns a
 * WebSocket hears it in passing; what the two functions return says nothing about that. */
static void
set_heartbeat (GstElement *pipeline)
{
  g_autoptr (GstElement) words = gst_bin_get_by_name (GST_BIN (pipeline), "words");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (words, "sink");
  GstEvent *policy = gst_event_new_livetranscript_heartbeat ("captions", 15000, 3);

  gst_pad_send_event (pad, gst_event_ref (policy)); /* downstream, to the viewers */
  gst_pad_push_event (pad, policy);                 /* upstream, to the recogniser */
}

static void
run (App *app, GstElement *pipeline)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);

  gst_bus_add_watch (bus, take_message, app);
  if (gst_element_set_state (pipeline, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE)
    set_heartbeat (pipeline);
  g_main_loop_run (app->loop); /* a failure has posted its reason as an error message */
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_bus_remove_watch (bus);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  if (argc < 2 || argc > 3) {
    g_printerr ("usage: captions AUDIO.raw [PORT]\n");
    return EXIT_FAILURE;
  }
  App app = {.audio = fopen (argv[1], "rb"), .exit_status = EXIT_SUCCESS };
  if (app.audio == NULL) {
    perror (argv[1]);
    return EXIT_FAILURE;
  }
  g_autoptr (GstElement) pipeline = make_pipeline (&app, argc > 2 ? argv[2] : NULL);
  if (pipeline != NULL) {
    app.loop = g_main_loop_new (NULL, FALSE);
    run (&app, pipeline);
    g_main_loop_unref (app.loop);
  } else {
    app.exit_status = EXIT_FAILURE;
  }
  fclose (app.audio);
  return app.exit_status;
}
