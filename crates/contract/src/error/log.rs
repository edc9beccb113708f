use seaworthy_core::Error;

/// Logs a fault in the middle of a stream with its cause: no layer outside can see it there. Others are answers, and logged as such.
pub(crate) fn log_in_stream(error: &Error) {
    if error.code().is_server_fault() {
        tracing::error!(
            reason = error.reason(),
            cause = error.cause().map(tracing::field::display),
            "a stream of answers failed"
        );
    }
}
