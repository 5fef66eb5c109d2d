// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pipelines/livetranscriptd/sound_watch.h"

#include "lib/livetranscript/gsttranscript.h"

#include <algorithm>
#include <cstring>

namespace lt::service {

namespace {

constexpr std::int16_t kQuiet = 184; // -45 dB of full scale

using CapsRef = MiniRef<GstCaps>;

CapsRef templateCaps(GstElement *element, const char *pad) {
    GstPadTemplate *made = gst_element_class_get_pad_template(GST_ELEMENT_GET_CLASS(element), pad);
    return CapsRef(made ? gst_pad_template_get_caps(made) : gst_caps_new_empty());
}

bool isRecogniser(GstElement *element) {
    const CapsRef in = templateCaps(element, "sink"), out = templateCaps(element, "src");
    if (gst_caps_is_any(in.get()) || gst_caps_is_empty(in.get()) || gst_caps_is_any(out.get()))
        return false;
    const CapsRef transcripts(gst_caps_from_string(GST_TRANSCRIPT_CAPS_JSON));
    return g_str_has_prefix(gst_structure_get_name(gst_caps_get_structure(in.get(), 0)), "audio/") &&
           gst_caps_can_intersect(out.get(), transcripts.get());
}

bool isS16(GstPad *pad) {
    const CapsRef caps(gst_pad_get_current_caps(pad));
    const char *format =
        caps ? gst_structure_get_string(gst_caps_get_structure(caps.get(), 0), "format") : nullptr;
    return g_strcmp0(format, "S16LE") == 0;
}

bool isSilent(GstBuffer *buffer) {
    if (GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_GAP))
        return true;
    const BufferMap map(buffer);
    return map.ok() && isSilence({reinterpret_cast<const std::int16_t *>(map.data()), map.size() / 2});
}

} // namespace

bool isSilence(std::span<const std::int16_t> samples) {
    return std::all_of(samples.begin(), samples.end(),
                       [](std::int16_t sample) { return sample <= kQuiet && sample >= -kQuiet; });
}

std::vector<ObjectRef<GstElement>> recognisersOf(GstBin *bin) {
    std::vector<ObjectRef<GstElement>> found;
    GstIterator *elements = gst_bin_iterate_recurse(bin);
    gst_iterator_foreach(
        elements,
        [](const GValue *item, gpointer into) {
            auto *element = GST_ELEMENT(g_value_get_object(item));
            if (isRecogniser(element))
                static_cast<std::vector<ObjectRef<GstElement>> *>(into)->push_back(retainObject(element));
        },
        &found);
    gst_iterator_free(elements);
    return found;
}

void SoundWatch::listenTo(GstBin *bin) {
    for (const auto &recogniser : recognisersOf(bin)) {
        watch(recogniser.get(), "sink", &SoundWatch::onAudio);
        watch(recogniser.get(), "src", &SoundWatch::onTranscript);
    }
}

void SoundWatch::watch(GstElement *recogniser, const char *padName, GstPadProbeCallback callback) {
    const ObjectRef<GstPad> pad(gst_element_get_static_pad(recogniser, padName));
    if (pad)
        gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_BUFFER, callback,
                          new std::shared_ptr<SoundWatch>(shared_from_this()),
                          [](gpointer self) { delete static_cast<std::shared_ptr<SoundWatch> *>(self); });
}

GstPadProbeReturn SoundWatch::onAudio(GstPad *pad, GstPadProbeInfo *info, gpointer self) {
    if (!isS16(pad) || !isSilent(GST_PAD_PROBE_INFO_BUFFER(info)))
        (*static_cast<std::shared_ptr<SoundWatch> *>(self))->heard();
    return GST_PAD_PROBE_OK;
}

GstPadProbeReturn SoundWatch::onTranscript(GstPad *, GstPadProbeInfo *, gpointer self) {
    (*static_cast<std::shared_ptr<SoundWatch> *>(self))->heard();
    return GST_PAD_PROBE_OK;
}

} // namespace lt::service
