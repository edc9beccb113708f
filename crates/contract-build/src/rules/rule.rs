#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct FieldRules {
    pub(crate) required: bool,
    pub(crate) ignore: Ignore,
    pub(crate) rules: Vec<Rule>,
    pub(crate) items: Option<Box<FieldRules>>,
    pub(crate) keys: Option<Box<FieldRules>>,
    pub(crate) values: Option<Box<FieldRules>>,
}

impl FieldRules {
    pub(crate) fn is_empty(&self) -> bool {
        !self.required
            && self.rules.is_empty()
            && self.items.as_deref().is_none_or(Self::is_empty)
            && self.keys.as_deref().is_none_or(Self::is_empty)
            && self.values.as_deref().is_none_or(Self::is_empty)
    }
}

/// The values that rules ignore.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Ignore {
    #[default]
    Never,
    IfZero,
    Always,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Rule {
    Const(Literal),
    LessThan(Literal),
    AtMost(Literal),
    GreaterThan(Literal),
    AtLeast(Literal),
    In(Vec<Literal>),
    NotIn(Vec<Literal>),
    Finite,
    Length(u64),
    MinLength(u64),
    MaxLength(u64),
    Bytes(u64),
    MinBytes(u64),
    MaxBytes(u64),
    Pattern(String),
    Prefix(Literal),
    Suffix(Literal),
    Contains(Literal),
    NotContains(Literal),
    Format(Format),
    DefinedOnly,
    MinItems(u64),
    MaxItems(u64),
    Unique,
    MinPairs(u64),
    MaxPairs(u64),
    InThePast,
    InTheFuture,
    WithinNow(i128),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    Integer(i128),
    Float(f64),
    Boolean(bool),
    Text(String),
    Bytes(Vec<u8>),
    /// A duration, in nanoseconds.
    Duration(i128),
    /// A time, in nanoseconds since 1970.
    Timestamp(i128),
}

/// The well-known formats of text, by the name of the runtime check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Email,
    Hostname,
    Ip,
    Ipv4,
    Ipv6,
    Uri,
    UriReference,
    Address,
    Uuid,
    TrimmedUuid,
    Ulid,
    HostAndPort,
    IpWithPrefix,
    Ipv4WithPrefix,
    Ipv6WithPrefix,
    IpPrefix,
    Ipv4Prefix,
    Ipv6Prefix,
    HeaderName,
    HeaderValue,
    IpBytes,
    Ipv4Bytes,
    Ipv6Bytes,
    UuidBytes,
}

/// The rules of a whole message.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct MessageRules {
    /// Whether the rules of the message are disabled.
    pub(crate) disabled: bool,
    pub(crate) oneofs: Vec<MessageOneof>,
}

/// A rule that at most one of some fields is set, or exactly one if it is required.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MessageOneof {
    pub(crate) fields: Vec<String>,
    pub(crate) required: bool,
}
