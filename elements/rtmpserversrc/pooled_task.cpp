// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elements/rtmpserversrc/pooled_task.h"

#include <utility>

using lt::rtmpserversrc::StreamingPool;
using lt::rtmpserversrc::TaskWork;

namespace {

/// Rounds of a task's function before it is others' turn.
constexpr int kRounds = 16;

/// What GstTask's own function does, but for one thing: where there is no work it returns.
class TaskJob final : public StreamingPool::Job, public std::enable_shared_from_this<TaskJob> {
public:
    TaskJob(StreamingPool &pool, lt::ObjectRef<GstTask> task, TaskWork &work)
        : pool_(pool), work_(work), task_(std::move(task)) {}

    void begin() {
        work_.callWhenWorkComes([this, self = shared_from_this()] { pool_.wake(self); });
        pool_.wake(shared_from_this());
    }

private:
    void work() override {
        if (!task_)
            return;
        // As GstTask does: who stops the task on its own thread is told so instead of waiting for ever.
        occupy(g_thread_self());
        const bool stopped = iterate();
        occupy(nullptr);
        if (stopped)
            finish();
    }

    void occupy(GThread *thread) {
        GST_OBJECT_LOCK(task_.get());
        task_->thread = thread;
        GST_OBJECT_UNLOCK(task_.get());
    }

    /// True when the task has been stopped.
    bool iterate() {
        GRecMutex *lock = GST_TASK_GET_LOCK(task_.get());
        g_rec_mutex_lock(lock);
        bool stopped = false;
        for (int round = 0;; round++) {
            bool resumed = false;
            stopped = !awaitStart(lock, resumed);
            if (stopped || (!resumed && !work_.hasWork()))
                break;
            if (round >= kRounds && !resumed) {
                pool_.wake(shared_from_this());
                break;
            }
            task_->func(task_->user_data);
        }
        g_rec_mutex_unlock(lock);
        return stopped;
    }

    /// False when the task has been stopped. Whoever let it go on after a pause may have work for it that is
    /// known to the function alone, the end of the stream for one.
    bool awaitStart(GRecMutex *lock, bool &resumed) {
        GST_OBJECT_LOCK(task_.get());
        while (GST_TASK_STATE(task_.get()) == GST_TASK_PAUSED) {
            resumed = true;
            g_rec_mutex_unlock(lock);
            GST_TASK_SIGNAL(task_.get());
            GST_TASK_WAIT(task_.get());
            GST_OBJECT_UNLOCK(task_.get());
            g_rec_mutex_lock(lock);
            GST_OBJECT_LOCK(task_.get());
        }
        const bool stopped = GST_TASK_STATE(task_.get()) == GST_TASK_STOPPED;
        GST_OBJECT_UNLOCK(task_.get());
        return !stopped;
    }

    /// From here on the one who stopped it goes on; element and pool may go.
    void finish() {
        work_.callWhenWorkComes({});
        const auto task = std::move(task_);
        GST_OBJECT_LOCK(task.get());
        task->running = FALSE;
        GST_TASK_SIGNAL(task.get());
        GST_OBJECT_UNLOCK(task.get());
    }

    // Outlive the task.
    StreamingPool &pool_;
    TaskWork &work_;
    lt::ObjectRef<GstTask> task_; ///< null when it is over
};

using JobHandle = std::shared_ptr<TaskJob>;

struct PooledTaskState {
    std::weak_ptr<StreamingPool> pool; // a task's pool may be held by anybody who has seen its message
    TaskWork *work = nullptr;
};

} // namespace

struct GstPooledTask {
    GstTaskPool parent;
    PooledTaskState *state;
};
struct GstPooledTaskClass {
    GstTaskPoolClass parent;
};

static GType gst_pooled_task_get_type(void);
G_DEFINE_TYPE(GstPooledTask, gst_pooled_task, GST_TYPE_TASK_POOL)

static GstPooledTask *gst_pooled_task_cast(gpointer object) {
    return G_TYPE_CHECK_INSTANCE_CAST(object, gst_pooled_task_get_type(), GstPooledTask);
}

static gpointer gst_pooled_task_push(GstTaskPool *object, GstTaskPoolFunction, gpointer task,
                                     GError **error) {
    auto *state = gst_pooled_task_cast(object)->state;
    const auto pool = state->pool.lock();
    if (!pool) {
        g_set_error(error, GST_CORE_ERROR, GST_CORE_ERROR_THREAD, "the element has been stopped");
        return nullptr;
    }
    // GstTask has added a reference for the thread it thinks it gets.
    auto job = std::make_shared<TaskJob>(*pool, lt::ObjectRef<GstTask>(GST_TASK(task)), *state->work);
    job->begin();
    return new JobHandle(std::move(job));
}

static void gst_pooled_task_forget(GstTaskPool *, gpointer handle) {
    delete static_cast<JobHandle *>(handle);
}

static void gst_pooled_task_finalize(GObject *object) {
    delete gst_pooled_task_cast(object)->state;
    G_OBJECT_CLASS(gst_pooled_task_parent_class)->finalize(object);
}

static void gst_pooled_task_class_init(GstPooledTaskClass *klass) {
    G_OBJECT_CLASS(klass)->finalize = gst_pooled_task_finalize;
    auto *pool_class = GST_TASK_POOL_CLASS(klass);
    pool_class->push = gst_pooled_task_push;
    pool_class->join = gst_pooled_task_forget;
    pool_class->dispose_handle = gst_pooled_task_forget;
}

static void gst_pooled_task_init(GstPooledTask *self) {
    self->state = new PooledTaskState;
}

namespace lt::rtmpserversrc {

ObjectRef<GstTaskPool> makePooledTask(const std::shared_ptr<StreamingPool> &pool, TaskWork &work) {
    auto *made = gst_pooled_task_cast(g_object_new(gst_pooled_task_get_type(), nullptr));
    gst_object_ref_sink(made);
    made->state->pool = pool;
    made->state->work = &work;
    return ObjectRef<GstTaskPool>(GST_TASK_POOL(made));
}

} // namespace lt::rtmpserversrc
