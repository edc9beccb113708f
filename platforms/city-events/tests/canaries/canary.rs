use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD};

/// What somebody put in, and what may become of it.
#[derive(Debug, Clone)]
struct Canary {
    what: String,
    value: String,
    of: Of,
}

/// Whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    /// A password, a token or a key.
    Secret,
    /// An address or a name.
    Person,
    /// The user of an account of the platform's own, which stands among the settings.
    Account,
}

/// All that was planted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Canaries(Vec<Canary>);

impl Canaries {
    /// Plants a secret.
    pub(crate) fn secret(&mut self, what: &str, value: impl Into<String>) -> String {
        self.plant(what, value.into(), Of::Secret)
    }

    /// Plants something of a person.
    pub(crate) fn person(&mut self, what: &str, value: impl Into<String>) -> String {
        self.plant(what, value.into(), Of::Person)
    }

    /// Plants the user of an account of the platform's own.
    pub(crate) fn account(&mut self, what: &str, value: impl Into<String>) -> String {
        self.plant(what, value.into(), Of::Account)
    }

    /// A token that the platform made. Of one in parts each is looked for: half a token is no less told.
    pub(crate) fn token(&mut self, what: &str, value: &str) -> String {
        for part in value.split('.').filter(|part| part.len() >= 20) {
            // The head of all tokens of one issuer is the same and says nothing.
            if !part.starts_with("eyJhbGci") && !part.starts_with("eyJ0eXAi") {
                self.secret(what, part);
            }
        }
        value.to_owned()
    }

    fn plant(&mut self, what: &str, value: String, of: Of) -> String {
        assert!(
            value.len() >= 8,
            "{what} is too short to be found by itself"
        );
        self.0.push(Canary {
            what: what.to_owned(),
            value: value.clone(),
            of,
        });
        value
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Where canaries stand in a text: what they are, and the line.
    pub(crate) fn told_in(&self, place: &str, text: &str) -> Vec<String> {
        self.found(place, text, |_| true)
    }

    /// The same of secrets alone, where persons may be named.
    pub(crate) fn secrets_told_in(&self, place: &str, text: &str) -> Vec<String> {
        self.found(place, text, |of| of == Of::Secret)
    }

    /// The same of everything that may not stand among settings.
    pub(crate) fn told_in_settings(&self, place: &str, text: &str) -> Vec<String> {
        self.found(place, text, |of| of != Of::Account)
    }

    fn found(&self, place: &str, text: &str, counts: impl Fn(Of) -> bool) -> Vec<String> {
        let lower = text.to_lowercase();
        let canaries = self.0.iter().filter(|canary| counts(canary.of));
        let told = canaries.filter_map(|canary| {
            let at = forms(&canary.value)
                .iter()
                .find_map(|form| text.find(form))
                .or_else(|| lower.find(&canary.value.to_lowercase()))?;
            let line = line_at(text, at);
            Some(format!("{} in {place}: {line}", canary.what))
        });
        told.collect()
    }
}

/// The ways in which a text is written down: as it is, percent-encoded, and in Base64 with up to two bytes before it.
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
        // Characters that also hold bits of what stands before and behind.
        let begin = (before * 8).div_ceil(6);
        let end = (before + value.len()) * 8 / 6;
        forms.extend(text.get(begin..end).map(str::to_owned));
    }
    forms
}

fn line_at(text: &str, at: usize) -> String {
    let begin = text.get(..at).and_then(|before| before.rfind('\n'));
    let line = text.get(begin.map_or(0, |begin| begin + 1)..).unwrap_or("");
    line.lines()
        .next()
        .unwrap_or("")
        .chars()
        .take(700)
        .collect()
}

#[test]
fn a_canary_is_found_however_it_is_written_obs_3() {
    let mut canaries = Canaries::default();
    canaries.secret("password", "goldammer+pirol");
    canaries.person("name", "Wendehals");
    for text in [
        "x goldammer+pirol y".to_owned(),
        "a=goldammer%2Bpirol".to_owned(),
        "GOLDAMMER+PIROL".to_owned(),
        BASE64_STANDARD_NO_PAD.encode("\0user\0goldammer+pirol"),
        BASE64_STANDARD_NO_PAD.encode("me:goldammer+pirol"),
        BASE64_STANDARD_NO_PAD.encode("goldammer+pirol and more"),
    ] {
        assert_eq!(canaries.told_in("here", &text).len(), 1, "{text}");
        assert_eq!(canaries.secrets_told_in("here", &text).len(), 1, "{text}");
    }
    let name = "first\nMx Wendehals\nlast";
    assert_eq!(
        canaries.told_in("here", name),
        ["name in here: Mx Wendehals"]
    );
    assert!(canaries.secrets_told_in("here", name).is_empty());
    assert!(canaries.told_in("here", "goldammer pirol ***").is_empty());
    canaries.token(
        "token",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg",
    );
    assert_eq!(
        canaries.len(),
        3,
        "a head is that of all tokens, and a payload may be short"
    );
}
