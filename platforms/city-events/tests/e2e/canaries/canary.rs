use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD};

/// A planted value.
#[derive(Debug, Clone)]
struct Canary {
    label: String,
    value: String,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A password, a token or a key.
    Secret,
    /// An e-mail address, a name or an IP address.
    Personal,
    /// The user name of an account of the platform, which may be in the settings.
    Account,
}

/// All planted values.
#[derive(Debug, Clone, Default)]
pub(crate) struct Canaries(Vec<Canary>);

impl Canaries {
    /// Plants a secret and returns it.
    pub(super) fn secret(&mut self, label: &str, value: impl Into<String>) -> String {
        self.plant(label, value.into(), Kind::Secret)
    }

    /// Plants personal data and returns it.
    pub(super) fn personal(&mut self, label: &str, value: impl Into<String>) -> String {
        self.plant(label, value.into(), Kind::Personal)
    }

    /// Plants the user name of an account of the platform and returns it.
    pub(super) fn account(&mut self, label: &str, value: impl Into<String>) -> String {
        self.plant(label, value.into(), Kind::Account)
    }

    /// Plants each part of a token that the platform issued. A part of a token is a leak too.
    pub(super) fn token(&mut self, label: &str, value: &str) -> String {
        for part in value.split('.').filter(|part| part.len() >= 20) {
            // All tokens of an issuer have the same header, which is not a secret.
            if !part.starts_with("eyJhbGci") && !part.starts_with("eyJ0eXAi") {
                self.secret(label, part);
            }
        }
        value.to_owned()
    }

    fn plant(&mut self, label: &str, value: String, kind: Kind) -> String {
        assert!(value.len() >= 8, "{label} is too short to be unique");
        self.0.push(Canary {
            label: label.to_owned(),
            value: value.clone(),
            kind,
        });
        value
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns each canary in a text, with its line.
    pub(super) fn leaks_in(&self, place: &str, text: &str) -> Vec<String> {
        self.find(place, text, |_| true)
    }

    /// Returns each secret in a text that may contain personal data.
    pub(super) fn secret_leaks_in(&self, place: &str, text: &str) -> Vec<String> {
        self.find(place, text, |kind| kind == Kind::Secret)
    }

    /// Returns each canary that settings must not contain.
    pub(super) fn leaks_in_settings(&self, place: &str, text: &str) -> Vec<String> {
        self.find(place, text, |kind| kind != Kind::Account)
    }

    fn find(&self, place: &str, text: &str, is_leak: impl Fn(Kind) -> bool) -> Vec<String> {
        let lower = text.to_lowercase();
        let canaries = self.0.iter().filter(|canary| is_leak(canary.kind));
        let found = canaries.filter_map(|canary| {
            let position = forms(&canary.value)
                .iter()
                .find_map(|form| text.find(form))
                .or_else(|| lower.find(&canary.value.to_lowercase()))?;
            let line = line_at(text, position);
            Some(format!("{} in {place}: {line}", canary.label))
        });
        found.collect()
    }
}

/// Returns the spellings of a value: plain, percent-encoded, and Base64 after 0, 1 and 2 bytes.
fn forms(value: &str) -> Vec<String> {
    let encoded: String = value
        .bytes()
        .map(
            |byte| match byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                true => char::from(byte).to_string(),
                false => format!("%{byte:02X}"),
            },
        )
        .collect();
    let mut forms = vec![value.to_owned(), encoded];
    for before in 0..3_usize {
        let padded = format!("{}{value}", " ".repeat(before));
        let text = BASE64_STANDARD_NO_PAD.encode(padded);
        // Skip the characters that contain bits of other bytes.
        let start = (before * 8).div_ceil(6);
        let end = (before + value.len()) * 8 / 6;
        forms.extend(text.get(start..end).map(str::to_owned));
    }
    forms
}

/// Returns the first 700 characters of the line at a position.
fn line_at(text: &str, position: usize) -> String {
    let start = text.get(..position).and_then(|before| before.rfind('\n'));
    let line = text.get(start.map_or(0, |start| start + 1)..).unwrap_or("");
    line.lines()
        .next()
        .unwrap_or("")
        .chars()
        .take(700)
        .collect()
}

#[test]
fn canaries_are_found_in_every_encoding_obs_3() {
    let mut canaries = Canaries::default();
    canaries.secret("password", "goldammer+pirol");
    canaries.personal("name", "Wendehals");
    for text in [
        "x goldammer+pirol y".to_owned(),
        "a=goldammer%2Bpirol".to_owned(),
        "GOLDAMMER+PIROL".to_owned(),
        BASE64_STANDARD_NO_PAD.encode("\0user\0goldammer+pirol"),
        BASE64_STANDARD_NO_PAD.encode("me:goldammer+pirol"),
        BASE64_STANDARD_NO_PAD.encode("goldammer+pirol and more"),
    ] {
        assert_eq!(canaries.leaks_in("here", &text).len(), 1, "{text}");
        assert_eq!(canaries.secret_leaks_in("here", &text).len(), 1, "{text}");
    }
    let name = "first\nMx Wendehals\nlast";
    assert_eq!(
        canaries.leaks_in("here", name),
        ["name in here: Mx Wendehals"]
    );
    assert!(canaries.secret_leaks_in("here", name).is_empty());
    assert!(canaries.leaks_in("here", "goldammer pirol ***").is_empty());
    canaries.token(
        "token",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg",
    );
    assert_eq!(
        canaries.len(),
        3,
        "the header is common and the payload too short"
    );
}
