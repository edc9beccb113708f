/// How the value of a legacy variable becomes the value of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Conversion {
    /// A port number. It becomes an address on all interfaces, such as `:8080`.
    Port,
    /// A host and port, or a colon and a port, which is that port on all interfaces. It becomes an
    /// IP address and port, such as `0.0.0.0:8080`.
    Address,
    /// A number of seconds. It becomes a duration, such as `60s`.
    Seconds,
    /// A host and port without a scheme, such as `collector:4318`. It becomes an HTTP URL.
    HttpUrl,
    /// A host and port without a scheme, such as `cache:6379`. It becomes a Redis URL.
    RedisUrl,
}

impl Conversion {
    /// Converts a value.
    ///
    /// # Errors
    /// A description of the expected format.
    pub(crate) fn apply(self, text: &str) -> Result<String, &'static str> {
        match self {
            Self::Port => match text.parse::<u16>() {
                Ok(port) => Ok(format!(":{port}")),
                Err(_) => Err("the value is not a port: use a number from 0 to 65535"),
            },
            Self::Address => Ok(match text.strip_prefix(':') {
                Some(port) => format!("0.0.0.0:{port}"),
                None => text.to_owned(),
            }),
            Self::Seconds => match text.parse::<u32>() {
                Ok(seconds) => Ok(format!("{seconds}s")),
                Err(_) => Err("the value is not a number of seconds: use a whole number"),
            },
            Self::HttpUrl | Self::RedisUrl if text.contains("://") => Ok(text.to_owned()),
            Self::HttpUrl => Ok(format!("http://{text}")),
            Self::RedisUrl => Ok(format!("redis://{text}")),
        }
    }

    /// Describes the format of the variable, for documents.
    pub(crate) fn format(self) -> &'static str {
        match self {
            Self::Port => "a port, which becomes an address on all interfaces",
            Self::Address => "a host and port, or `:8080` for all interfaces",
            Self::Seconds => "a number of seconds",
            Self::HttpUrl | Self::RedisUrl => "a URL, or a host and port",
        }
    }
}
