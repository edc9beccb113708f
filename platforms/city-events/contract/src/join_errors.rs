use seaworthy::axum::http::StatusCode;

/// Returns the code of the public interface for a reason of the join service, and the status if it
/// differs from the status of the error code. `None` if the code is the reason in lower case.
///
/// ```
/// use city_events_contract::join_error_code;
/// use seaworthy::axum::http::StatusCode;
///
/// assert_eq!(join_error_code("EVENT_FULL"), Some(("event.full", None)));
/// assert_eq!(join_error_code("EVENT_CLOSED"), Some(("event.closed", Some(StatusCode::GONE))));
/// assert_eq!(join_error_code("OVERLOADED"), None);
/// ```
#[must_use]
pub fn join_error_code(reason: &str) -> Option<(&'static str, Option<StatusCode>)> {
    Some(match reason {
        "REQUEST_INVALID" => ("request.invalid", None),
        "IDEMPOTENCY_KEY_REQUIRED" => ("idempotency_key.required", None),
        "AUTH_FORBIDDEN" => ("auth.forbidden", None),
        "JOIN_BANNED" => ("join.banned", None),
        "EVENT_NOT_FOUND" => ("event.not_found", None),
        "JOIN_NOT_FOUND" => ("join.not_found", None),
        "EVENT_FULL" => ("event.full", None),
        "EVENT_CLOSED" => ("event.closed", Some(StatusCode::GONE)),
        _ => return None,
    })
}
