// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pipelines/livetranscriptd/session_pipeline.h"

#include "lib/gst/refs.h"
#include "pipelines/livetranscriptd/publisher_watch.h"
#include "pipelines/livetranscriptd/sound_watch.h"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace lt::service {

namespace {

std::string sentenceOf(GstMessage *message, void (*parse)(GstMessage *, GError **, gchar **)) {
    ErrorOut error;
    parse(message, error.out(), nullptr);
    return std::string(GST_MESSAGE_SRC_NAME(message)) + ": " + error.message();
}

std::string textOf(const GstStructure *structure, const char *field) {
    const gchar *text = gst_structure_get_string(structure, field);
    return text ? text : "";
}

} // namespace

/// Shared by the owner, the bus and the thread; the last of them frees it.
class SessionPipeline::Body : public std::enable_shared_from_this<Body> {
public:
    Body(std::string name, std::shared_ptr<net::EventLoop> loop, PipelineListener &listener)
        : name_(std::move(name)), loop_(std::move(loop)), listener_(&listener) {}

    void run() {
        thread_ = std::thread([self = shared_from_this()] { self->work(); });
    }

    void start(std::string description, bool held) {
        queue([this, description = std::move(description), held] { make(description, held); });
    }

    void release() {
        queue([this] { hold(false); });
    }

    net::TimePoint lastHeard() const { return sound_->lastHeard(); }
    std::optional<std::chrono::milliseconds> leftBehind() const { return publisher_.leftBehind(); }

    void drain() {
        queue([this] { sendEos(); });
    }

    void stop() {
        queue([this] {
            takeDown();
            tell([this](PipelineListener &listener) {
                stopped_ = true;
                listener.pipelineStopped();
            });
        });
    }

    /// No callback runs after this. Waits for the thread only when that has nothing left that may hang.
    void cut() {
        listener_ = nullptr;
        {
            std::lock_guard lock(mutex_);
            closed_ = true;
        }
        wake_.notify_one();
        if (stopped_)
            thread_.join();
        else
            thread_.detach();
    }

private:
    using Task = std::function<void()>;

    void queue(Task task) {
        {
            std::lock_guard lock(mutex_);
            tasks_.push_back(std::move(task));
        }
        wake_.notify_one();
    }

    /// The thread: does what is queued, and ends when the owner has gone and nothing is left to do.
    void work() {
        for (;;) {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [this] { return !tasks_.empty() || closed_; });
            if (tasks_.empty())
                break;
            const Task task = std::move(tasks_.front());
            tasks_.pop_front();
            lock.unlock();
            task();
        }
        takeDown();
        if (drain_.joinable())
            drain_.join(); // in NULL nothing holds it
    }

    void make(const std::string &description, bool held) {
        ErrorOut error;
        ObjectRef<GstElement> element(gst_parse_launch_full(
            description.c_str(), nullptr,
            static_cast<GstParseFlags>(GST_PARSE_FLAG_FATAL_ERRORS | GST_PARSE_FLAG_PLACE_IN_BIN),
            error.out()));
        if (!element)
            return fail(std::string("the description makes no pipeline: ") + error.message());
        pipeline_.reset(gst_pipeline_new(("session-" + name_).c_str()));
        gst_object_ref_sink(pipeline_.get());
        gst_bin_add(GST_BIN(pipeline_.get()), element.release());
        sound_->listenTo(GST_BIN(pipeline_.get()));
        publisher_.lookAt(GST_BIN(pipeline_.get()));
        hold(held);
        watchBus();
        if (gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
            fail("the pipeline does not start"); // an element's own words came before
    }

    /// Recognisers without the property, such as the offline one, never wait.
    void hold(bool held) {
        if (!pipeline_)
            return;
        for (const auto &recogniser : recognisersOf(GST_BIN(pipeline_.get())))
            if (g_object_class_find_property(G_OBJECT_GET_CLASS(recogniser.get()), "hold"))
                g_object_set(recogniser.get(), "hold", gboolean(held), nullptr);
    }

    /// On a thread of its own: a source takes EOS only between two buffers, and a stalled one never. Only in
    /// PLAYING: gst_element_send_event() holds the element's state lock meanwhile, and a sink that has not
    /// prerolled would never get on.
    void sendEos() {
        GstState state = GST_STATE_NULL;
        if (pipeline_)
            gst_element_get_state(pipeline_.get(), &state, nullptr, 0);
        if (state != GST_STATE_PLAYING)
            return tell([](PipelineListener &listener) { listener.pipelineEnded(); });
        if (!drain_.joinable())
            drain_ = std::thread([pipeline = retainObject(pipeline_.get())] {
                gst_element_send_event(pipeline.get(), gst_event_new_eos());
            });
    }

    void watchBus() {
        ObjectRef<GstBus> bus(gst_pipeline_get_bus(GST_PIPELINE(pipeline_.get())));
        gst_bus_set_sync_handler(bus.get(), &Body::onMessage, new std::weak_ptr<Body>(weak_from_this()),
                                 [](gpointer self) { delete static_cast<std::weak_ptr<Body> *>(self); });
    }

    /// Any thread of the pipeline.
    static GstBusSyncReply onMessage(GstBus *, GstMessage *message, gpointer data) {
        if (const auto self = static_cast<std::weak_ptr<Body> *>(data)->lock())
            self->hear(message);
        gst_message_unref(message);
        return GST_BUS_DROP;
    }

    void hear(GstMessage *message) {
        switch (GST_MESSAGE_TYPE(message)) {
        case GST_MESSAGE_ERROR:
            return fail(sentenceOf(message, gst_message_parse_error));
        case GST_MESSAGE_WARNING:
            return tell([sentence = sentenceOf(message, gst_message_parse_warning)](
                            PipelineListener &listener) { listener.pipelineWarned(sentence); });
        case GST_MESSAGE_EOS:
            return tell([](PipelineListener &listener) { listener.pipelineEnded(); });
        case GST_MESSAGE_STATE_CHANGED:
            return hearState(message);
        case GST_MESSAGE_ELEMENT:
            return hearPublisher(gst_message_get_structure(message));
        case GST_MESSAGE_LATENCY:
            return queue([this] {
                if (pipeline_)
                    gst_bin_recalculate_latency(GST_BIN(pipeline_.get()));
            });
        default:
            break;
        }
    }

    void hearPublisher(const GstStructure *news) {
        if (gst_structure_has_name(news, "rtmpserversrc/publish"))
            tell([name = PublisherName{textOf(news, "peer"), textOf(news, "software")}](
                     PipelineListener &listener) { listener.publisherCame(name); });
        else if (gst_structure_has_name(news, "rtmpserversrc/unpublish"))
            tell([reason = textOf(news, "reason")](PipelineListener &listener) {
                listener.publisherLeft(reason);
            });
    }

    void hearState(GstMessage *message) {
        GstState reached = GST_STATE_NULL;
        gst_message_parse_state_changed(message, nullptr, &reached, nullptr);
        if (GST_IS_PIPELINE(GST_MESSAGE_SRC(message)) && reached == GST_STATE_PLAYING)
            tell([](PipelineListener &listener) { listener.pipelinePlays(); });
    }

    void takeDown() {
        if (!pipeline_)
            return;
        gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
        publisher_.forget();
        pipeline_.reset();
    }

    void fail(const std::string &sentence) {
        tell([sentence](PipelineListener &listener) { listener.pipelineFailed(sentence); });
    }

    template <typename Call>
    void tell(Call call) {
        loop_->post([self = shared_from_this(), call] {
            if (self->listener_)
                call(*self->listener_);
        });
    }

    const std::string name_;
    const std::shared_ptr<net::EventLoop> loop_;
    const std::shared_ptr<SoundWatch> sound_ = std::make_shared<SoundWatch>();
    PublisherWatch publisher_;
    PipelineListener *listener_; // loop thread, as the two below; null once the owner has gone
    bool stopped_ = false;
    std::thread thread_;

    // The body's own thread only.
    ObjectRef<GstElement> pipeline_;
    std::thread drain_;

    std::mutex mutex_; // guards the two below
    std::deque<Task> tasks_;
    bool closed_ = false;
    std::condition_variable wake_;
};

SessionPipeline::SessionPipeline(std::string name, std::shared_ptr<net::EventLoop> loop,
                                 PipelineListener &listener)
    : body_(std::make_shared<Body>(std::move(name), std::move(loop), listener)) {
    body_->run();
}

SessionPipeline::~SessionPipeline() {
    body_->cut();
}

void SessionPipeline::start(std::string description, bool held) {
    body_->start(std::move(description), held);
}

void SessionPipeline::release() {
    body_->release();
}

net::TimePoint SessionPipeline::lastHeard() const {
    return body_->lastHeard();
}

std::optional<std::chrono::milliseconds> SessionPipeline::leftBehind() const {
    return body_->leftBehind();
}

void SessionPipeline::drain() {
    body_->drain();
}

void SessionPipeline::stop() {
    body_->stop();
}

} // namespace lt::service
