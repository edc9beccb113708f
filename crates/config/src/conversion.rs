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
    /// A number of milliseconds. It becomes a duration, such as `30000ms`.
    Milliseconds,
    /// A number of minutes. It becomes a duration, such as `30m`.
    Minutes,
    /// A host and port without a scheme, such as `collector:4318`. It becomes an HTTP URL.
    HttpUrl,
    /// A host and port without a scheme, such as `cache:6379`. It becomes a Redis URL.
    RedisUrl,
    /// A list of hosts and ports, such as `a:9092,b:9092`. The first one becomes a URL with this
    /// scheme, such as `kafka://a:9092`.
    FirstHost(&'static str),
    /// A list of hosts and ports, such as `a:9092,b:9092`. Of a URL it keeps the host and port.
    HostList,
    /// A name, which becomes a URL with this scheme, such as `s3://media`.
    UrlOf(&'static str),
    /// Any text, which becomes this value, unless a file sets the key.
    Constant(&'static str),
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
            Self::Milliseconds => match text.parse::<u32>() {
                Ok(milliseconds) => Ok(format!("{milliseconds}ms")),
                Err(_) => Err("the value is not a number of milliseconds: use a whole number"),
            },
            Self::Minutes => match text.parse::<u32>() {
                Ok(minutes) => Ok(format!("{minutes}m")),
                Err(_) => Err("the value is not a number of minutes: use a whole number"),
            },
            Self::Constant(value) => Ok(value.to_owned()),
            Self::HttpUrl | Self::RedisUrl | Self::UrlOf(_) if text.contains("://") => {
                Ok(text.to_owned())
            }
            Self::FirstHost(scheme) => {
                let first = text.split(',').next().unwrap_or_default().trim();
                Ok(match first.contains("://") {
                    true => first.to_owned(),
                    false => format!("{scheme}://{first}"),
                })
            }
            Self::HostList => {
                let hosts = text.split(',').map(host).filter(|host| !host.is_empty());
                Ok(hosts.collect::<Vec<_>>().join(","))
            }
            Self::UrlOf(scheme) => Ok(format!("{scheme}://{text}")),
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
            Self::Milliseconds => "a number of milliseconds",
            Self::Minutes => "a number of minutes",
            Self::FirstHost(_) => "a URL, or the first of a list of hosts and ports",
            Self::HostList => "a list of hosts and ports, or of URLs",
            Self::UrlOf(_) => "a URL, or a name that becomes one",
            Self::Constant(_) => "a fixed value, unless a file sets the key",
            Self::HttpUrl | Self::RedisUrl => "a URL, or a host and port",
        }
    }
}

/// Returns the host and port of a server, which may be a URL.
fn host(server: &str) -> &str {
    let server = server.trim();
    let authority = match server.split_once("://") {
        Some((_, rest)) => rest.split(['/', '?']).next().unwrap_or_default(),
        None => server,
    };
    authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host)
}
