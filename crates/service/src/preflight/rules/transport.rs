//! Which schemes of URLs are encrypted, and how the others can be.

/// What a scheme says of the encryption of its links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encryption {
    /// There is no link: the data stay inside this process or its directory.
    Embedded,
    /// Nothing is sent before TLS.
    Always,
    /// The scheme means plain text.
    Never {
        /// What to use instead.
        fix: &'static str,
    },
    /// An option of the URL asks for it.
    ByOption {
        /// The names of the option.
        names: &'static [&'static str],
        /// The values that ask for TLS with a verified certificate, in lower case. Without the verification anyone on the way can end the TLS connection.
        values: &'static [&'static str],
        /// What to add.
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

/// Every scheme that is known.
const SCHEMES: [(&str, Encryption); 28] = [
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
    (
        "redis",
        Encryption::Never {
            fix: "the scheme rediss",
        },
    ),
    ("rediss", Encryption::Always),
    (
        "amqp",
        Encryption::Never {
            fix: "the scheme amqps",
        },
    ),
    ("amqps", Encryption::Always),
    (
        "nats",
        Encryption::Never {
            fix: "the scheme tls",
        },
    ),
    ("tls", Encryption::Always),
    (
        "kafka",
        Encryption::Never {
            fix: "the scheme kafkas",
        },
    ),
    ("kafkas", Encryption::Always),
    (
        "mongodb",
        Encryption::ByOption {
            names: &["tls", "ssl"],
            values: &["true"],
            fix: "tls=true",
        },
    ),
    (
        "mqtt",
        Encryption::Never {
            fix: "the scheme mqtts",
        },
    ),
    ("mqtts", Encryption::Always),
    (
        "http",
        Encryption::Never {
            fix: "the scheme https",
        },
    ),
    ("https", Encryption::Always),
    (
        "ws",
        Encryption::Never {
            fix: "the scheme wss",
        },
    ),
    ("wss", Encryption::Always),
    (
        "grpc",
        Encryption::Never {
            fix: "the scheme grpcs",
        },
    ),
    ("grpcs", Encryption::Always),
    // With STARTTLS, unless `allow_plaintext` is set, which has a rule of its own. So has `mailbox:`.
    ("smtp", Encryption::Always),
    ("smtps", Encryption::Always),
    ("mailbox", Encryption::Always),
];

/// What is known of a scheme in lower case. Behind `+` stands how servers are found, as in `redis+sentinel`.
pub(super) fn transport(scheme: &str) -> Option<Encryption> {
    let find = |name: &str| SCHEMES.iter().find(|(known, _)| *known == name);
    let transport = || scheme.split('+').next().and_then(find);
    find(scheme)
        .or_else(transport)
        .map(|(_, encryption)| *encryption)
}
