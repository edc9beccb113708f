use seaworthy_core::Error;

/// Logs a server fault in the middle of a stream with its cause. The stack does not log errors
/// there. Other errors are responses, and are logged as such.
pub(crate) fn log_in_stream(error: &Error) {
    if error.code().is_server_fault() {
        tracing::error!(
            reason = error.reason(),
            cause = error.cause().map(tracing::field::display),
            "a stream of responses failed"
        );
    }
}
