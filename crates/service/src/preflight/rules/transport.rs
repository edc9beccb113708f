//! The URL schemes that are encrypted, and how to encrypt the others.

/// The encryption of links with a scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encryption {
    /// No link: the data stays inside this process or its directory.
    Embedded,
    /// The connection starts with TLS.
    Always,
    /// The connection is never encrypted.
    Never {
        /// The replacement.
        fix: &'static str,
    },
    /// A sidecar, which stores nothing. The link is plain text and must not leave this machine.
    Sidecar {
        /// The replacement.
        fix: &'static str,
    },
    /// An option of the URL enables TLS.
    ByOption {
        /// The names of the option.
        names: &'static [&'static str],
        /// The values that require TLS with a verified certificate, in lower case. Without
        /// verification, an attacker on the network can terminate the TLS connection.
        values: &'static [&'static str],
        /// The option to add.
        fix: &'static str,
    },
}

const POSTGRES: Encryption = Encryption::ByOption {
    names: &["sslmode", "ssl-mode"],
    values: &["verify-full", "verify-ca"],
    fix: "sslmode=verify-full",
};
const MYSQL: Encryption = Encryption::ByOption {
    names: &["ssl-mode", "sslmode"],
    values: &["verify_identity", "verify_ca"],
    fix: "ssl-mode=VERIFY_IDENTITY",
};

const fn never(fix: &'static str) -> Encryption {
    Encryption::Never { fix }
}

/// All known schemes.
const SCHEMES: [(&str, Encryption); 31] = [
    ("sqlite", Encryption::Embedded),
    ("memory", Encryption::Embedded),
    ("file", Encryption::Embedded),
    ("postgres", POSTGRES),
    ("postgresql", POSTGRES),
    ("mysql", MYSQL),
    ("mariadb", MYSQL),
    (
        "go+mysql",
        Encryption::ByOption {
            names: &["tls"],
            values: &["true"],
            fix: "tls=true",
        },
    ),
    ("redis", never("the scheme rediss")),
    ("rediss", Encryption::Always),
    ("amqp", never("the scheme amqps")),
    ("amqps", Encryption::Always),
    ("nats", never("the scheme tls")),
    ("tls", Encryption::Always),
    ("kafka", never("the scheme kafkas")),
    ("kafkas", Encryption::Always),
    (
        "dapr",
        Encryption::Sidecar {
            fix: "the sidecar of this instance, on loopback",
        },
    ),
    (
        "mongodb",
        Encryption::ByOption {
            names: &["tls", "ssl"],
            values: &["true"],
            fix: "tls=true",
        },
    ),
    ("mqtt", never("the scheme mqtts")),
    ("mqtts", Encryption::Always),
    ("http", never("the scheme https")),
    ("https", Encryption::Always),
    ("ws", never("the scheme wss")),
    ("wss", Encryption::Always),
    ("grpc", never("the scheme grpcs")),
    ("grpcs", Encryption::Always),
    // `s3` and `s3+https`.
    ("s3", Encryption::Always),
    ("s3+http", never("the scheme s3+https")),
    // Mail uses STARTTLS unless `allow_plaintext` is set. Separate rules check that setting and
    // `mailbox:`.
    ("smtp", Encryption::Always),
    ("smtps", Encryption::Always),
    ("mailbox", Encryption::Always),
];

/// Returns the encryption of a scheme in lower case. The part after `+` names the discovery, as in
/// `redis+sentinel`.
pub(super) fn transport(scheme: &str) -> Option<Encryption> {
    let find = |name: &str| SCHEMES.iter().find(|(known, _)| *known == name);
    let transport = || scheme.split('+').next().and_then(find);
    find(scheme)
        .or_else(transport)
        .map(|(_, encryption)| *encryption)
}
