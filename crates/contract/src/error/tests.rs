use std::{sync::Arc, time::Duration};

use prost::Message as _;
use seaworthy_core::{
    Code, Error, RequestContext, RequestId, ResponseError, ServiceIdentity, TraceContext, context,
};

use super::{
    ErrorFormat as _, Problems,
    details::{Detail as _, ErrorInfo, RequestInfo, Status},
    from_request_stream, from_status, to_status, to_status_in_domain,
};

#[test]
fn error_survives_conversion_to_status_api_2() {
    for code in Code::ALL {
        let error = Error::new(code, "SOME_REASON", "some text")
            .with_field("items[0].price", "must be greater than 0")
            .with_retry_after(Duration::from_millis(1500))
            .with_cause("never shown");
        let status = to_status(&error);
        assert_eq!(status.code() as i32, code.grpc());
        let back = from_status(&status);
        assert_eq!(back.code().grpc(), code.grpc());
        assert_eq!(back.reason(), "SOME_REASON");
        let is_public = !back.code().is_server_fault()
            && !matches!(back.code(), Code::Cancelled | Code::Unauthenticated);
        assert_eq!(back.message() == "some text", is_public, "{code:?}");
        assert_eq!(back.fields() == error.fields(), is_public, "{code:?}");
        assert_eq!(back.retry_after(), error.retry_after());
    }
}

#[test]
fn status_names_service_and_request_api_2() {
    let context = RequestContext::new(
        ServiceIdentity::new("orders", "1.0.0"),
        RequestId::parse(b"r-1").unwrap(),
        TraceContext::root(true),
    );
    let status = context::sync_scope(Arc::new(context), || {
        to_status(&Error::new(Code::Conflict, "FULL", "no place"))
    });
    let details = Status::decode(status.details()).unwrap().details;
    let info = ErrorInfo::unpack(&details).unwrap();
    assert_eq!(
        (info.reason.as_str(), info.domain.as_str()),
        ("FULL", "orders")
    );
    assert_eq!(RequestInfo::unpack(&details).unwrap().request_id, "r-1");
}

#[test]
fn status_has_given_domain_api_2() {
    let status = to_status_in_domain(&Error::new(Code::Conflict, "FULL", "no place"), "");
    let details = Status::decode(status.details()).unwrap().details;
    let info = ErrorInfo::unpack(&details).unwrap();
    assert_eq!((info.reason.as_str(), info.domain.as_str()), ("FULL", ""));
}

#[test]
fn status_carries_error_for_logs_api_2() {
    let status = Problems.grpc(Error::internal("disk on fire"));
    let source = std::error::Error::source(&status).unwrap();
    let error = source.downcast_ref::<ResponseError>().unwrap().error();
    assert_eq!(error.cause().unwrap().to_string(), "disk on fire");
}

#[test]
fn status_omits_private_cause_sec_4() {
    let status = to_status(&Error::internal("password=hunter2"));
    let text = String::from_utf8_lossy(status.details()).into_owned() + status.message();
    assert!(!text.contains("hunter2"));
}

#[test]
fn foreign_status_keeps_code_and_message_api_2() {
    let error = from_status(&tonic::Status::failed_precondition("not now"));
    assert_eq!(error.code(), Code::PreconditionFailed);
    assert_eq!(error.reason(), "FAILED_PRECONDITION");
    assert_eq!(error.message(), "not now");
}

#[test]
fn keeps_texts_of_failed_dependencies_private_sec_4() {
    const CANARY: &str = "tcp connect error: 10.0.0.7:5432";
    for number in 0..=16 {
        let code = tonic::Code::from_i32(number);
        let error = from_status(&tonic::Status::new(code, CANARY));
        let blames_the_request = matches!(
            code,
            tonic::Code::InvalidArgument
                | tonic::Code::OutOfRange
                | tonic::Code::NotFound
                | tonic::Code::AlreadyExists
                | tonic::Code::Aborted
                | tonic::Code::PermissionDenied
                | tonic::Code::ResourceExhausted
                | tonic::Code::FailedPrecondition
        );
        let cause = error.cause().map(ToString::to_string).unwrap_or_default();
        assert_eq!(
            error.message().contains(CANARY),
            blames_the_request,
            "{code:?}"
        );
        assert_eq!(
            cause.contains(CANARY),
            !blames_the_request,
            "{code:?}: {cause}"
        );
        let public = serde_json::to_string(&seaworthy_core::Problem::new(&error, None)).unwrap();
        assert_eq!(public.contains(CANARY), blames_the_request, "{code:?}");
    }
    let status = to_status(&Error::new(Code::Conflict, CANARY, "taken"));
    assert_eq!(from_status(&status).reason(), "ALREADY_EXISTS");
}

#[test]
fn blames_clients_for_streams_that_they_break_sec_4() {
    for code in [
        tonic::Code::Cancelled,
        tonic::Code::Unknown,
        tonic::Code::Internal,
    ] {
        let error = from_request_stream(&tonic::Status::new(code, "h2 protocol error"));
        assert_eq!(error.code(), Code::Cancelled);
        assert!(!error.message().contains("h2"));
        assert!(error.cause().unwrap().to_string().contains("h2"));
    }
    let refused = Problems.grpc(Error::new(Code::TooLarge, "TOO_MANY_VALUES", "too many"));
    let error = from_request_stream(&refused);
    assert_eq!(
        (error.code(), error.reason()),
        (Code::TooLarge, "TOO_MANY_VALUES")
    );
}

#[test]
fn keeps_statuses_below_the_header_limit_of_clients_api_3() {
    let fields = (0..64).map(|number| {
        seaworthy_core::FieldViolation::new(
            format!("items[{number}].{}", "n".repeat(100)),
            "é".repeat(50),
        )
    });
    let status = to_status(&Error::invalid(fields.collect()));
    let response = status.into_http::<()>();
    let bytes: usize = response
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    assert!(bytes < 8 * 1024, "{bytes}");
    let error = from_status(&tonic::Status::from_header_map(response.headers()).unwrap());
    let (last, named) = error.fields().split_last().unwrap();
    assert_eq!(
        last.description,
        format!("{} more fields are invalid", 64 - named.len())
    );
    assert!(named.len() > 10 && named.iter().all(|field| field.field.starts_with("items[")));
    let long = to_status(&Error::new(Code::Conflict, "LONG", "é".repeat(10_000)));
    assert_eq!(long.message(), "é".repeat(512));
}
