use std::fmt;

use prost::Message as _;
use serde::{Deserialize, Serialize};

use crate::{contract, target::Target};

/// The request that a client repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Workload {
    EmptyGet,
    /// A `GET` request with the headers of a browser.
    BrowserGet,
    JsonEcho,
    /// The order of the echo as a unary gRPC call.
    Call,
}

/// Body of the echo, about 1 KiB of JSON.
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

const LINES: u32 = 12;
/// Headers that HTTP libraries send.
const HEADERS: &str = "host: 127.0.0.1\r\nuser-agent: seaworthy-bench/0.1\r\naccept: */*\r\n";
/// Headers that Chromium sends for a page.
const BROWSER_HEADERS: &str = "host: 127.0.0.1\r\nconnection: keep-alive\r\nupgrade-insecure-requests: 1\r\nuser-agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36\r\naccept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\naccept-encoding: gzip, deflate, br\r\naccept-language: en-GB,en;q=0.9\r\n";

impl Workload {
    /// Returns the targets of this workload, the alternative first.
    pub(crate) const fn targets(self) -> &'static [Target] {
        match self {
            Self::EmptyGet | Self::BrowserGet => &[Target::Bare, Target::Listener, Target::Stack],
            Self::JsonEcho => &[
                Target::Bare,
                Target::Listener,
                Target::Stack,
                Target::Contract,
            ],
            Self::Call => &[Target::Tonic, Target::Calls],
        }
    }

    /// Returns the targets that `stack` compares: the alternative and the framework.
    pub(crate) const fn pairs(self) -> &'static [[Target; 2]] {
        match self {
            Self::EmptyGet | Self::BrowserGet => &[[Target::Bare, Target::Stack]],
            Self::JsonEcho => &[
                [Target::Bare, Target::Stack],
                [Target::Bare, Target::Contract],
            ],
            Self::Call => &[[Target::Tonic, Target::Calls]],
        }
    }

    /// Returns the bytes of an HTTP request, or the framed message of a call.
    pub(crate) fn request(self) -> Vec<u8> {
        match self {
            Self::EmptyGet => format!("GET / HTTP/1.1\r\n{HEADERS}\r\n"),
            Self::BrowserGet => format!("GET / HTTP/1.1\r\n{BROWSER_HEADERS}\r\n"),
            Self::JsonEcho => {
                let body = document();
                format!(
                    "POST /echo HTTP/1.1\r\n{HEADERS}content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                )
            }
            Self::Call => return framed(&order()),
        }
        .into_bytes()
    }
}

/// Frames a message for gRPC: the compression flag, the length and the bytes.
fn framed(order: &contract::Order) -> Vec<u8> {
    let message = order.encode_to_vec();
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    [&[0], &length.to_be_bytes()[..], &message].concat()
}

/// Returns the order of the document as a message.
fn order() -> contract::Order {
    let line = |number: u32| contract::Line {
        article: format!("article number {number:04}"),
        quantity: number,
        price: f64::from(number) + 0.25,
    };
    contract::Order {
        id: 4711,
        customer: "customer-000017".to_owned(),
        note: "n".repeat(240),
        lines: (0..LINES).map(line).collect(),
    }
}

/// Returns the body of the echo.
pub(crate) fn document() -> String {
    let line = |number: u32| {
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
            Self::BrowserGet => "GET / (headers of a browser)",
            Self::JsonEcho => "POST /echo (1 KiB JSON)",
            Self::Call => "unary gRPC call (the same order)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn document_has_about_one_kibibyte() {
        assert!(
            (1_000..1_100).contains(&document().len()),
            "{}",
            document().len()
        );
    }
}
