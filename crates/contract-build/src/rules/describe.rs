//! The descriptions of broken rules, for clients.

use std::fmt;

use super::{Format, Literal, Rule};

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Const(value) => write!(formatter, "must be {value}"),
            Self::LessThan(value) => write!(formatter, "must be less than {value}"),
            Self::AtMost(value) => write!(formatter, "must be at most {value}"),
            Self::GreaterThan(value) => write!(formatter, "must be greater than {value}"),
            Self::AtLeast(value) => write!(formatter, "must be at least {value}"),
            Self::In(values) => write!(formatter, "must be one of {}", list(values)),
            Self::NotIn(values) => write!(formatter, "must not be one of {}", list(values)),
            Self::Finite => formatter.write_str("must be a finite number"),
            Self::Length(count) => write!(formatter, "must have {}", characters(*count)),
            Self::MinLength(count) => {
                write!(formatter, "must have at least {}", characters(*count))
            }
            Self::MaxLength(count) => write!(formatter, "must have at most {}", characters(*count)),
            Self::Bytes(count) => write!(formatter, "must have {}", bytes(*count)),
            Self::MinBytes(count) => write!(formatter, "must have at least {}", bytes(*count)),
            Self::MaxBytes(count) => write!(formatter, "must have at most {}", bytes(*count)),
            Self::Pattern(pattern) => write!(formatter, "must match {pattern}"),
            Self::Prefix(value) => write!(formatter, "must begin with {value}"),
            Self::Suffix(value) => write!(formatter, "must end with {value}"),
            Self::Contains(value) => write!(formatter, "must contain {value}"),
            Self::NotContains(value) => write!(formatter, "must not contain {value}"),
            Self::Format(format) => write!(formatter, "must be {}", format.noun()),
            Self::DefinedOnly => formatter.write_str("must be a value that the contract defines"),
            Self::MinItems(count) => write!(formatter, "must have at least {}", items(*count)),
            Self::MaxItems(count) => write!(formatter, "must have at most {}", items(*count)),
            Self::Unique => formatter.write_str("must not repeat an item"),
            Self::MinPairs(count) => write!(formatter, "must have at least {}", entries(*count)),
            Self::MaxPairs(count) => write!(formatter, "must have at most {}", entries(*count)),
            Self::InThePast => formatter.write_str("must lie in the past"),
            Self::InTheFuture => formatter.write_str("must lie in the future"),
            Self::WithinNow(nanos) => write!(
                formatter,
                "must be within {} of now",
                Literal::Duration(*nanos)
            ),
        }
    }
}

impl Format {
    fn noun(self) -> &'static str {
        match self {
            Self::Email => "an e-mail address",
            Self::Hostname => "a host name",
            Self::Ip | Self::IpBytes => "an IP address",
            Self::Ipv4 | Self::Ipv4Bytes => "an IPv4 address",
            Self::Ipv6 | Self::Ipv6Bytes => "an IPv6 address",
            Self::Uri => "an absolute URI",
            Self::UriReference => "a URI or a relative reference",
            Self::Address => "a host name or an IP address",
            Self::Uuid | Self::UuidBytes => "a UUID",
            Self::TrimmedUuid => "a UUID without hyphens",
            Self::Ulid => "a ULID",
            Self::HostAndPort => "a host and a port",
            Self::IpWithPrefix => "an IP address with a prefix length",
            Self::Ipv4WithPrefix => "an IPv4 address with a prefix length",
            Self::Ipv6WithPrefix => "an IPv6 address with a prefix length",
            Self::IpPrefix => "an IP network",
            Self::Ipv4Prefix => "an IPv4 network",
            Self::Ipv6Prefix => "an IPv6 network",
            Self::HeaderName => "the name of an HTTP header",
            Self::HeaderValue => "the value of an HTTP header",
        }
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(value) => write!(formatter, "{value}"),
            Self::Float(value) => write!(formatter, "{value}"),
            Self::Boolean(value) => write!(formatter, "{value}"),
            Self::Text(value) => write!(formatter, "{value:?}"),
            Self::Bytes(value) => {
                formatter.write_str("0x")?;
                value
                    .iter()
                    .try_for_each(|byte| write!(formatter, "{byte:02x}"))
            }
            Self::Duration(nanos) => write!(formatter, "{}s", seconds(*nanos)),
            Self::Timestamp(nanos) => {
                let timestamp = prost_types::Timestamp {
                    seconds: i64::try_from(nanos.div_euclid(NANOS_PER_SECOND)).unwrap_or(i64::MAX),
                    nanos: i32::try_from(nanos.rem_euclid(NANOS_PER_SECOND)).unwrap_or_default(),
                };
                write!(formatter, "{timestamp}")
            }
        }
    }
}

const NANOS_PER_SECOND: i128 = 1_000_000_000;

fn seconds(nanos: i128) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let whole = nanos.abs() / NANOS_PER_SECOND;
    let fraction = nanos.abs() % NANOS_PER_SECOND;
    if fraction == 0 {
        format!("{sign}{whole}")
    } else {
        let digits = format!("{fraction:09}");
        format!("{sign}{whole}.{}", digits.trim_end_matches('0'))
    }
}

fn list(values: &[Literal]) -> String {
    let words: Vec<String> = values.iter().map(ToString::to_string).collect();
    words.join(", ")
}

fn plural(count: u64, one: &str, many: &str) -> String {
    if count == 1 {
        format!("1 {one}")
    } else {
        format!("{count} {many}")
    }
}

fn characters(count: u64) -> String {
    plural(count, "character", "characters")
}

fn bytes(count: u64) -> String {
    plural(count, "byte", "bytes")
}

fn items(count: u64) -> String {
    plural(count, "item", "items")
}

fn entries(count: u64) -> String {
    plural(count, "entry", "entries")
}
