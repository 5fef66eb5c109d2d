// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

namespace lt::emulator {

/// What the flags of messages_config and callback_config tell apart.
enum class MessageKind {
    kAcknowledgment,
    kSpeechEvent,
    kPartial,
    kFinal,
    kRealtimeProcessing,
    kPostProcessing,
    kLifecycle,
};

/// With the documented defaults of the WebSocket.
struct MessagesConfig {
    bool partialTranscripts = false;
    bool finalTranscripts = true;
    bool speechEvents = true;
    bool preProcessingEvents = true; ///< no such message is documented
    bool realtimeProcessingEvents = true;
    bool postProcessingEvents = true;
    bool acknowledgments = true;
    bool errors = true; ///< no such message is documented
    bool lifecycleEvents = false;

    bool wants(MessageKind kind) const {
        switch (kind) {
        case MessageKind::kAcknowledgment:
            return acknowledgments;
        case MessageKind::kSpeechEvent:
            return speechEvents;
        case MessageKind::kPartial:
            return partialTranscripts;
        case MessageKind::kFinal:
            return finalTranscripts;
        case MessageKind::kRealtimeProcessing:
            return realtimeProcessingEvents;
        case MessageKind::kPostProcessing:
            return postProcessingEvents;
        case MessageKind::kLifecycle:
            return lifecycleEvents;
        }
        return false;
    }
};

} // namespace lt::emulator
