//! Errors of the client, as errors of the transport.

use lapin::{
    ErrorKind,
    protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError},
};

use crate::transport::TransportError;

/// Classifies an error of the client. A rejection, such as wrong credentials or other queue
/// arguments, is permanent. Any other error is transient.
pub(super) fn transport_error(error: lapin::Error) -> TransportError {
    let is_rejection = match error.kind() {
        ErrorKind::ProtocolError(protocol) => match protocol.kind() {
            AMQPErrorKind::Soft(soft) => matches!(
                soft,
                AMQPSoftError::ACCESSREFUSED
                    | AMQPSoftError::PRECONDITIONFAILED
                    | AMQPSoftError::NOTFOUND
            ),
            AMQPErrorKind::Hard(hard) => matches!(
                hard,
                AMQPHardError::NOTALLOWED
                    | AMQPHardError::NOTIMPLEMENTED
                    | AMQPHardError::COMMANDINVALID
            ),
        },
        _ => false,
    };
    if is_rejection {
        TransportError::rejected(error)
    } else {
        TransportError::unavailable(error)
    }
}

/// Whether the broker closed a channel with this error.
pub(super) fn is_soft(error: &lapin::Error, expected: &AMQPSoftError) -> bool {
    matches!(error.kind(), ErrorKind::ProtocolError(protocol) if matches!(protocol.kind(), AMQPErrorKind::Soft(soft) if soft == expected))
}

/// Whether the broker rejected an operation with this error. See [`transport_error`].
pub(super) fn is_rejection(error: &TransportError, expected: &AMQPSoftError) -> bool {
    let TransportError::Rejected(cause) = error else {
        return false;
    };
    let cause = cause.downcast_ref::<lapin::Error>();
    cause.is_some_and(|error| is_soft(error, expected))
}

/// Returns the cause of an error as text, for the results of many messages.
pub(super) fn cause_text(error: &TransportError) -> String {
    match error {
        TransportError::Unavailable(cause) | TransportError::Rejected(cause) => cause.to_string(),
        TransportError::Closed => error.to_string(),
    }
}
