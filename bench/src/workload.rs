use std::fmt;

use serde::{Deserialize, Serialize};

/// What the client sends over and over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Workload {
    EmptyGet,
    JsonEcho,
}

/// The body of the echo, about 1 KiB as text.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) id: u64,
    pub(crate) customer: String,
    pub(crate) note: String,
    pub(crate) lines: Vec<Line>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) article: String,
    pub(crate) quantity: u32,
    pub(crate) price: f64,
}

const LINES: usize = 12;
/// What any HTTP library sends.
const HEADERS: &str = "host: 127.0.0.1\r\nuser-agent: seaworthy-bench/0.1\r\naccept: */*\r\n";

impl Workload {
    /// The whole request as it goes over the wire.
    pub(crate) fn request(self) -> Vec<u8> {
        match self {
            Self::EmptyGet => format!("GET / HTTP/1.1\r\n{HEADERS}\r\n"),
            Self::JsonEcho => {
                let body = document();
                format!(
                    "POST /echo HTTP/1.1\r\n{HEADERS}content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                )
            }
        }
        .into_bytes()
    }
}

/// The body of the echo.
pub(crate) fn document() -> String {
    let line = |number: usize| {
        format!(
            r#"{{"article":"article number {number:04}","quantity":{number},"price":{number}.25}}"#
        )
    };
    let lines: Vec<_> = (0..LINES).map(line).collect();
    let note = "n".repeat(240);
    format!(
        r#"{{"id":4711,"customer":"customer-000017","note":"{note}","lines":[{}]}}"#,
        lines.join(",")
    )
}

impl fmt::Display for Workload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::EmptyGet => "GET / (empty)",
            Self::JsonEcho => "POST /echo (1 KiB JSON)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_about_one_kibibyte() {
        assert!(
            (1_000..1_100).contains(&document().len()),
            "{}",
            document().len()
        );
    }
}
