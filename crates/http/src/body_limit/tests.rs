use futures::stream;
use http_body_util::BodyExt as _;
use seaworthy_telemetry::metrics::Metrics;

use super::*;

fn streamed(chunks: &'static [&'static str]) -> Body {
    Body::from_stream(stream::iter(chunks).map_ok_bytes())
}

trait MapOkBytes {
    fn map_ok_bytes(
        self,
    ) -> impl futures::Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static;
}

impl<S: futures::Stream<Item = &'static &'static str> + Send + 'static> MapOkBytes for S {
    fn map_ok_bytes(
        self,
    ) -> impl futures::Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static {
        futures::StreamExt::map(self, |chunk| Ok(Bytes::from_static(chunk.as_bytes())))
    }
}

#[tokio::test]
async fn a_streamed_body_is_cut_off_at_its_limit_sec_3() {
    let limit = ByteSize::bytes(8);
    let budget = BodyBudget::new(limit, &Metrics::new());
    let limited = |body| limited(body, limit, &budget, BodyReader::Whole, None);
    let (fits, report) = limited(streamed(&["1234", "5678"]));
    assert_eq!(fits.collect().await.unwrap().to_bytes(), "12345678");
    assert!(report.unwrap().error().is_none());
    let (grows, report) = limited(streamed(&["1234", "5678", "9"]));
    let error = unreadable(grows.collect().await.unwrap_err());
    assert_eq!(error.code(), Code::TooLarge);
    assert_eq!(report.unwrap().error().unwrap().code(), Code::TooLarge);
}

#[test]
fn a_declared_length_beyond_the_limit_is_known_at_once_sec_3() {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_LENGTH, 9.into());
    assert!(is_declared_too_large(&headers, ByteSize::bytes(8)));
    assert!(!is_declared_too_large(&headers, ByteSize::bytes(9)));
    assert!(!is_declared_too_large(
        &HeaderMap::new(),
        ByteSize::bytes(0)
    ));
}
