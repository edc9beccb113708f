use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};

use super::{
    registry::Metrics,
    render::{Format, is_accepted},
};

/// The body of a scrape with its headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposition {
    /// The value of `Content-Type`.
    pub content_type: &'static str,
    /// The value of `Content-Encoding`, if the body is compressed.
    pub content_encoding: Option<&'static str>,
    /// The metrics as text, or compressed text.
    pub body: Vec<u8>,
}

impl Metrics {
    /// Returns all metrics in the format and encoding of a scraper's `Accept` and
    /// `Accept-Encoding` headers. Text without compression is always acceptable.
    ///
    /// ```
    /// use seaworthy_telemetry::metrics::Metrics;
    ///
    /// let exposition = Metrics::new().expose("application/openmetrics-text", "gzip");
    /// assert_eq!(exposition.content_encoding, Some("gzip"));
    /// ```
    #[must_use]
    pub fn expose(&self, accept: &str, accept_encoding: &str) -> Exposition {
        let format = Format::negotiate(accept);
        let text = self.render(format).into_bytes();
        let compressed = match is_accepted(accept_encoding, "gzip") {
            true => gzip(&text),
            false => None,
        };
        Exposition {
            content_type: format.content_type(),
            content_encoding: compressed.is_some().then_some("gzip"),
            body: compressed.unwrap_or(text),
        }
    }
}

/// Compresses with the fastest level, which shrinks this text to about a tenth.
fn gzip(text: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).ok()?;
    encoder.finish().ok()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn compresses_for_scrapers_that_accept_gzip_obs_4() {
        let metrics = Metrics::new();
        for shard in 0..100 {
            let shard = shard.to_string();
            let labels = [("shard", shard.as_str())];
            metrics
                .counter("joins_total", "Joins.", &labels)
                .increment();
        }
        let text = metrics.render(Format::PrometheusText);
        for accepted in ["gzip", "deflate, GZIP;q=0.5", "br;q=1.0, gzip"] {
            let exposition = metrics.expose("", accepted);
            assert_eq!(exposition.content_encoding, Some("gzip"), "{accepted}");
            assert!(exposition.body.len() < text.len() / 4);
            let mut decoded = String::new();
            let mut decoder = GzDecoder::new(exposition.body.as_slice());
            decoder.read_to_string(&mut decoded).unwrap();
            assert_eq!(decoded, text);
        }
        for accepted in ["", "identity", "gzip;q=0", "gzip-9"] {
            let exposition = metrics.expose("", accepted);
            assert_eq!(exposition.content_encoding, None, "{accepted}");
            assert_eq!(exposition.body, text.as_bytes());
        }
    }
}
