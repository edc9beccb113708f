//! Names of credentials, and literals that are credentials.

use super::detect::describes_credential;

/// Suffixes of names, without separators and in lower case.
const SUFFIXES: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "secretkey",
    "apikey",
    "signingkey",
    "encryptionkey",
    "privatekey",
    "servicekey",
    "jwtkey",
    "hmackey",
    "internalkey",
    "headerkey",
    "authkey",
    "masterkey",
    "sharedkey",
    "authtoken",
    "accesskey",
];
/// Suffixes of names that also name a header or a file, so only a random value is a credential.
const RANDOM_ONLY: &[&str] = &[
    "internalkey",
    "headerkey",
    "authkey",
    "masterkey",
    "sharedkey",
];
/// Minimum number of characters of a random value.
const MIN_RANDOM: usize = 20;
/// Prefixes of names that are about an action, an error or a test, not about a credential.
const PREFIXES: &[&str] = &[
    "forgot",
    "reset",
    "change",
    "wrong",
    "invalid",
    "incorrect",
    "update",
    "confirm",
    "err",
    "msg",
    "missing",
    "no",
    "bad",
    "is",
    "has",
    "show",
    "hide",
    "toggle",
    "generate",
    "verify",
    "compare",
    "encrypt",
    "hash",
    "old",
    "new",
    "repeat",
    "enter",
    "min",
    "max",
    "error",
    "label",
    "type",
    "route",
    "path",
    "key",
    "fake",
    "dummy",
];
/// Prefixes of names that hold the name of a kind: `kindPassword = "Password"`.
const KINDS: &[&str] = &[
    "kind",
    "resource",
    "field",
    "column",
    "table",
    "entity",
    "attribute",
    "property",
    "param",
    "parameter",
    "claim",
    "grant",
];
/// Values that name a credential instead of being one.
const GENERIC: &[&str] = &["password", "passwd", "pwd", "secret", "token"];
/// Suffixes of names of keys for other services, which reject a key that stands in for one.
const FOREIGN: &[&str] = &["apikey", "accesskey"];
/// Words of values that stand in for the key of another service.
const STAND_INS: &[&str] = &["dummy", "placeholder", "fake"];
/// Values that name a type or a state.
const WORDS: &[&str] = &[
    "string",
    "text",
    "required",
    "optional",
    "boolean",
    "number",
    "varchar",
    "hidden",
    "none",
    "null",
    "undefined",
    "unknown",
    "unset",
    "false",
    "true",
    "str",
    "bytes",
    "optional",
    "any",
    "object",
    "input",
    "field",
    "header",
    "query",
    "body",
    "current-password",
    "new-password",
    "off",
    "on",
];

/// Prefixes of values that refer to the place of a credential.
pub(crate) const REFERENCES: &[&str] = &[
    "env:", "file:", "vault:", "secret:", "ref+", "arn:", "op:", "ssm:", "awssm:", "gcp:", "sm:",
    "enc(", "enc[",
];

/// Whether a name is the name of a credential.
#[must_use]
pub(crate) fn is_secret_name(name: &str) -> bool {
    let last = name
        .rsplit(['.', ':', '>'])
        .next()
        .unwrap_or(name)
        .trim_matches(['"', '\'', '[', ']', ' ']);
    let plain = plain(last);
    if plain == "passphrase" || plain.len() > 48 || describes_credential(last) {
        return false;
    }
    SUFFIXES.iter().any(|end| plain.ends_with(end))
        && !PREFIXES.contains(&first_word(last).as_str())
}

/// The first word of a name in lower case: `kind` of `kindPassword`, `KIND_PASSWORD` and
/// `kind_password`.
fn first_word(name: &str) -> String {
    let caps = is_caps(name);
    name.chars()
        .enumerate()
        .take_while(|(at, letter)| {
            *at == 0 || letter.is_ascii_lowercase() || caps && letter.is_ascii_alphabetic()
        })
        .map(|(_, letter)| letter.to_ascii_lowercase())
        .collect()
}

/// Whether a value hides another value: `:xxxxx`.
fn is_mask(value: &str) -> bool {
    let inner = value.trim_matches(|letter: char| !letter.is_ascii_alphanumeric());
    !inner.is_empty() && inner.chars().all(|letter| matches!(letter, 'x' | 'X'))
}

/// Whether a name is the name of a credential that opens sample data: `DEMO_LOGIN_PASSWORD`.
#[must_use]
pub(crate) fn is_for_demonstration(name: &str) -> bool {
    name.split(|letter: char| !letter.is_alphanumeric())
        .any(|word| word.eq_ignore_ascii_case("demo"))
}

fn is_caps(name: &str) -> bool {
    !name.chars().any(|letter| letter.is_ascii_lowercase())
}

fn plain(text: &str) -> String {
    text.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect()
}

/// Whether the literal for a secret name is a credential. `connects` is true if the same settings
/// contain an address or a user.
#[must_use]
pub(crate) fn literal(name: &str, value: &str, connects: bool) -> bool {
    let lower = value.to_lowercase();
    let shape = value.len() >= 3
        && value.len() <= 200
        && value.chars().all(|letter| letter.is_ascii_graphic())
        && !value.contains(['{', '}', '<', '>', '(', ')', '[', ']', ',', ';', '\\'])
        && !value.starts_with(['/', '.', '#', '@', '%', '-', '$'])
        && !value.contains("://")
        && !lower.starts_with("x-")
        && !REFERENCES.iter().any(|scheme| lower.starts_with(scheme))
        && !lower.contains("...")
        && !lower.contains("***")
        && !is_mask(value)
        && !WORDS.contains(&lower.as_str());
    if !shape {
        return false;
    }
    let last = name.rsplit('.').next().unwrap_or(name);
    let (own, plain_value) = (plain(last), plain(value));
    // `SECRET_KEY: "secret_key"` names a setting, `DB_PASSWORD` a variable.
    let variable = value.contains('_') && is_caps(value);
    let dotted =
        value.split('.').count() > 1 && !value.chars().any(|letter| letter.is_ascii_digit());
    if variable || dotted || plain_value.is_empty() {
        return false;
    }
    let random = value.len() >= MIN_RANDOM && value.chars().any(|letter| letter.is_ascii_digit());
    if !random && RANDOM_ONLY.iter().any(|end| own.ends_with(end)) {
        return false;
    }
    if own.ends_with("apikey") && plain_value.contains("apikey") {
        return false;
    }
    let stands_in = FOREIGN.iter().any(|end| own.ends_with(end))
        && lower
            .split(|letter: char| !letter.is_ascii_alphanumeric())
            .any(|word| STAND_INS.contains(&word));
    let kind = own.ends_with(&plain_value) && KINDS.contains(&first_word(last).as_str());
    let plural = plain_value
        .strip_suffix('s')
        .is_some_and(|one| own.ends_with(one) && GENERIC.contains(&one));
    if stands_in || kind || plural {
        return false;
    }
    let generic = own == plain_value || GENERIC.contains(&plain_value.as_str());
    !generic || connects
}

#[cfg(test)]
mod tests {
    use super::{is_secret_name, literal};

    #[test]
    fn credential_is_recognized_by_its_name() {
        for name in [
            "jwtSecret",
            "DB_PASSWORD",
            "this.apiKey",
            "secret",
            "auth.service_key",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "resetPassword",
            "PASSWORD_TTL",
            "secretName",
            "ERR_WRONG_PASSWORD",
            "isSecret",
            "user",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn credential_is_recognized_by_its_value() {
        for (name, value) in [
            ("jwtSecret", "myfancysecret"),
            ("password", "hunter22"),
            ("apiKey", "some-value"),
            ("jwt_key", "hq%3ddt32DTO5cO6@#fnP$S"),
            ("server.ApiHeaderKey", "ccfe5596a56098c7a38b06dc"),
        ] {
            assert!(literal(name, value, false), "{name}");
        }
        for (name, value) in [
            ("password", "password"),
            ("secretKey", "SECRET_KEY"),
            ("apiKey", "X-Api-Key"),
            ("password", "Enter it"),
            ("secret", "jwt.secret"),
            ("password", "${DB_PASSWORD}"),
            ("password", "$DB_PASSWORD"),
            ("headerKey", "Authorization"),
        ] {
            assert!(!literal(name, value, false), "{name} {value}");
        }
        for (name, value) in [
            ("kindPassword", "Password"),
            ("resourcePassword", "passwords"),
            ("GRANT_PASSWORD", "password"),
            ("secret", "unknown"),
            ("api_key", "sk-dummy"),
            ("password", ":xxxxx"),
        ] {
            assert!(!literal(name, value, true), "{name} {value}");
        }
        assert!(literal("secret", "dummy-secret", false));
        assert!(!is_secret_name("FakePassword"));
        assert!(literal("password", "password", true));
    }
}
