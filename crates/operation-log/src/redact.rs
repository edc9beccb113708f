//! The redaction of JSON by the names of its members. It runs before the handler, so its work is
//! linear in the size of the value.

use std::{borrow::Cow, collections::HashMap, sync::LazyLock};

use seaworthy_core::mask::{Kind, MaskRuleConfig, REDACTED, is_secret_name, mask_text, words};
use seaworthy_telemetry::redact::{RedactionConfig, Redactor, is_sensitive_name};
use serde_json::{Map, Value as Json};

/// The maximum length of the name of a field in bytes, far more than contracts use. The values of
/// longer names are secret, and their names are not split into words.
const MAX_NAME: usize = 256;
/// A mark that some programs write before a text.
const BYTE_ORDER_MARK: char = '\u{feff}';
/// The words before `code` in the names of secrets. Others, such as `postal_code`, are not secret.
const SECRET_CODES: [&str; 18] = [
    "access",
    "auth",
    "authorization",
    "backup",
    "captcha",
    "confirmation",
    "email",
    "login",
    "otp",
    "pass",
    "pin",
    "recovery",
    "reset",
    "security",
    "sms",
    "totp",
    "verification",
    "verify",
];
/// Further words in the names of secrets.
const SECRET_WORDS: [&str; 3] = ["bearer", "seed", "seeds"];

/// The filter of logs, without the class of IP addresses.
static LOG_FILTER: LazyLock<Redactor> = LazyLock::new(|| {
    Redactor::new(&RedactionConfig {
        ip_addresses: false,
        ..RedactionConfig::default()
    })
});

/// How the values of a name are masked.
#[derive(Clone, Copy)]
enum Masking<'a> {
    /// The whole value is replaced.
    Secret,
    /// By a rule of the settings.
    Rule(&'a MaskRuleConfig),
    /// By the kind of the name.
    Kind(Kind),
    /// By the form of the value.
    Form,
}

impl<'a> Masking<'a> {
    fn of_name(name: &str, rules: &'a [MaskRuleConfig]) -> Self {
        #[cfg(test)]
        tests::count_name();
        if name.len() > MAX_NAME || is_secret(name) {
            return Self::Secret;
        }
        let has_name = |rule: &&MaskRuleConfig| rule.field_name.eq_ignore_ascii_case(name);
        match rules.iter().find(has_name) {
            Some(rule) => Self::Rule(rule),
            None => Kind::from_name(name).map_or(Self::Form, Self::Kind),
        }
    }

    /// Returns whether a rule of the settings keeps no part of a value.
    fn hides_all(self) -> bool {
        let Self::Rule(rule) = self else { return false };
        let keeps_part = rule.kind.is_some() || rule.custom.is_some();
        !keeps_part && rule.keep_start == 0 && rule.keep_end == 0
    }

    /// Masks a text by its name. `None` if its form decides.
    fn mask(self, text: &str) -> Option<String> {
        match self {
            Self::Secret => Some(REDACTED.to_owned()),
            Self::Rule(rule) => Some(rule.mask(text)),
            Self::Kind(kind) => Some(kind.mask(text)),
            Self::Form => None,
        }
    }
}

/// The rules of the settings, and the place of a value.
#[derive(Clone, Copy)]
struct Scope<'a> {
    rules: &'a [MaskRuleConfig],
    /// Whether the value is part of JSON in a text.
    is_in_text: bool,
}

/// Redacts the value of a field.
pub(crate) fn redact(name: &str, value: &mut Json, rules: &[MaskRuleConfig]) {
    let scope = Scope {
        rules,
        is_in_text: false,
    };
    redact_value(Masking::of_name(name, rules), value, scope);
}

/// Redacts a value. The items of a list have the name of the list, which is resolved once.
fn redact_value(masking: Masking<'_>, value: &mut Json, scope: Scope<'_>) {
    match value {
        Json::Null | Json::Bool(_) => {}
        Json::String(text) if text.is_empty() => {}
        // This case precedes objects and lists, whose members have their own names.
        _ if matches!(masking, Masking::Secret) => *value = REDACTED.into(),
        Json::Object(_) if masking.hides_all() => *value = REDACTED.into(),
        Json::Object(members) => redact_members(members, scope),
        Json::Array(items) => {
            for item in items {
                redact_value(masking, item, scope);
            }
        }
        Json::String(text) => {
            let masked = masking.mask(text).or_else(|| json_text(text, scope));
            *text = masked.unwrap_or_else(|| redact_text(text));
        }
        Json::Number(number) => {
            let text = number.to_string();
            // A number may have a sign or a fraction, as in 13800000000.0.
            let of_form = || match mask_text(&text) {
                Cow::Owned(masked) => Some(masked),
                Cow::Borrowed(_) => None,
            };
            if let Some(masked) = masking.mask(&text).or_else(of_form) {
                *value = masked.into();
            }
        }
    }
}

/// Masks the personal values in a text. The filter of logs then hides credentials, and the values
/// whose form has no mask.
fn redact_text(text: &str) -> String {
    LOG_FILTER.redact(&mask_text(text)).into_owned()
}

/// Redacts JSON in a text. A text in such a text is replaced as a whole if it is JSON, which bounds
/// the recursion. A text that looks like JSON with members, but is not valid, is replaced too,
/// because its members cannot be redacted by their names. `None` if the form of its values decides.
fn json_text(text: &str, scope: Scope<'_>) -> Option<String> {
    let is_before = |letter: char| letter.is_whitespace() || letter == BYTE_ORDER_MARK;
    let json = text.trim_start_matches(is_before);
    if !json.starts_with(['{', '[', '"']) {
        return None;
    }
    let parsed = serde_json::from_str(json).ok();
    let Some(value) = parsed.filter(|value: &Json| value.is_object() || value.is_array()) else {
        return json.contains(':').then(|| REDACTED.to_owned());
    };
    if scope.is_in_text {
        return Some(REDACTED.to_owned());
    }
    let scope = Scope {
        is_in_text: true,
        ..scope
    };
    let mut redacted = value.clone();
    redact_value(Masking::Form, &mut redacted, scope);
    // The value lacks the first of two members with the same name, but the text has both.
    let is_same = redacted == value && count_members(&value) == count_written_members(json);
    (!is_same).then(|| redacted.to_string())
}

/// Returns the number of members of all objects in a value.
fn count_members(value: &Json) -> usize {
    match value {
        Json::Object(members) => members.len() + members.values().map(count_members).sum::<usize>(),
        Json::Array(items) => items.iter().map(count_members).sum(),
        _ => 0,
    }
}

/// Returns the number of members in the text of a valid JSON value: the colons outside of strings.
fn count_written_members(json: &str) -> usize {
    let mut count = 0;
    let mut is_in_string = false;
    let mut bytes = json.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => is_in_string = !is_in_string,
            // The next character is escaped.
            b'\\' => {
                let _ = bytes.next();
            }
            b':' if !is_in_string => count += 1,
            _ => {}
        }
    }
    count
}

/// Redacts the members of an object. A name may be personal itself, as in a map from e-mail
/// addresses to accounts. Names that are equal after masking are numbered: `name (2)`.
fn redact_members(members: &mut Map<String, Json>, scope: Scope<'_>) {
    let mut last_numbers: HashMap<String, usize> = HashMap::new();
    for (name, mut member) in std::mem::take(members) {
        redact_value(Masking::of_name(&name, scope.rules), &mut member, scope);
        let mut name = redact_text(&name);
        if members.contains_key(&name) {
            // The client may have sent a numbered name itself.
            let number = last_numbers.entry(name.clone()).or_insert(1);
            name = loop {
                *number += 1;
                let numbered = format!("{name} ({number})");
                if !members.contains_key(&numbered) {
                    break numbered;
                }
            };
        }
        members.insert(name, member);
    }
}

/// Returns whether the name of a field marks a secret.
fn is_secret(name: &str) -> bool {
    let words = words(name);
    // Logs redact telephone numbers as a whole. Here they have a mask.
    let is_phone = match words.as_slice() {
        [.., before, last] if matches!(last.as_str(), "number" | "numbers") => before == "phone",
        [.., last] => matches!(
            last.as_str(),
            "phone" | "phones" | "telephone" | "telephones"
        ),
        [] => false,
    };
    if is_secret_name(name) || (is_sensitive_name(name) && !is_phone) {
        return true;
    }
    if words
        .iter()
        .any(|word| SECRET_WORDS.contains(&word.as_str()))
    {
        return true;
    }
    let (last, before) = match words.as_slice() {
        [.., before, last] => (last.as_str(), Some(before.as_str())),
        [last] => (last.as_str(), None),
        [] => return false,
    };
    let singular = last.strip_suffix('s').unwrap_or(last);
    match singular.strip_suffix("code") {
        Some("") => before.is_none_or(|before| SECRET_CODES.contains(&before)),
        Some(joined) => SECRET_CODES.contains(&joined),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use serde_json::json;

    use super::*;
    use crate::OperationLogConfig;

    thread_local! {
        static RESOLVED_NAMES: Cell<usize> = const { Cell::new(0) };
    }

    pub(super) fn count_name() {
        RESOLVED_NAMES.with(|count| count.set(count.get() + 1));
    }

    /// Redacts a request. Returns the number of names that were resolved.
    fn resolved_names(value: &mut Json) -> usize {
        RESOLVED_NAMES.with(|count| count.set(0));
        redact("", value, &[]);
        RESOLVED_NAMES.with(Cell::get)
    }

    #[test]
    fn only_codes_of_credentials_are_secret_obs_11() {
        for name in [
            "code",
            "captcha_code",
            "totpCode",
            "recovery_codes",
            "authorizationCode",
            "licenseKey",
            "email_token",
            "email_otp",
            "email_verification_code",
            "sms_code",
            "verifyCode",
            "captchacode",
            "passcodes",
            "bearer",
            "wallet_seed",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in [
            "postal_code",
            "countryCode",
            "status_code",
            "currency_code",
            "barcode",
            "postalcode",
            "seeded_at",
            "keyboard",
            "phone",
            "phone_number",
            "telephone",
        ] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn name_of_a_list_is_resolved_once_obs_11() {
        let mut items = vec![json!("13800000000"); 16_000];
        items.push(json!([["13800000000"], {}]));
        let mut value = json!({ "contact_phone": items });
        // The request, and its only member.
        assert_eq!(resolved_names(&mut value), 2);
        assert_eq!(value["contact_phone"][15_999], "138****0000");
        assert_eq!(value["contact_phone"][16_000][0][0], "138****0000");
    }

    #[test]
    fn value_of_a_long_name_is_masked_as_a_whole_obs_11() {
        let name = "a-".repeat(MAX_NAME / 2);
        let mut value = json!({ &name: [7], format!("{name}b"): [7] });
        redact("", &mut value, &[]);
        assert_eq!(value[&name], json!([7]));
        assert_eq!(value[format!("{name}b")], REDACTED);
    }

    #[test]
    fn field_masked_as_a_whole_hides_objects_obs_11() {
        let rules = OperationLogConfig::default()
            .with_masked_fields(&["content"])
            .mask_rules;
        let mut value = json!({ "content": { "text": "We meet" }, "place": { "text": "library" } });
        redact("", &mut value, &rules);
        assert_eq!(value["content"], REDACTED);
        assert_eq!(value["place"]["text"], "library");
        let mut value = json!({ "content": [{ "text": "We meet" }] });
        redact("", &mut value, &rules);
        assert_eq!(value["content"][0], REDACTED);
    }

    #[test]
    fn credentials_in_a_text_are_hidden_obs_11() {
        for (text, redacted) in [
            ("password=hunter22zz", "password=***"),
            ("see postgres://u:hunter22@db/x", "see postgres://***@db/x"),
            ("sent ghp_abcdefghijklmnop1234", "sent ***"),
            (
                "ask ada@example.org, 13800000000",
                "ask ad***@example.org, 138****0000",
            ),
            ("card 4111.1111.1111.1111", "card ***"),
            ("call +33 6 12 34 56 78", "call +33*****5678"),
            ("from 203.0.113.7", "from 203.0.113.7"),
        ] {
            let mut value = json!({ "note": text });
            redact("", &mut value, &[]);
            assert_eq!(value["note"], redacted);
        }
    }

    #[test]
    fn personal_number_with_sign_or_fraction_is_masked_obs_11() {
        let mut value = json!({
            "contact": 13_800_000_000.0_f64, "other": -13_800_000_000_i64,
            "card": 4_111_111_111_111_111_i64, "total": 0.5, "count": -3,
        });
        redact("", &mut value, &[]);
        let expected = json!({
            "contact": "138****0000.0", "other": "-138****0000",
            "card": "4111********1111", "total": 0.5, "count": -3,
        });
        assert_eq!(value, expected);
    }

    #[test]
    fn json_in_a_text_is_redacted_by_its_names_obs_11() {
        let inner = json!({ "api_token": "hunter22zz" }).to_string();
        let attributes = json!({ "api_token": "hunter22zz", "plan": "team", "inner": inner });
        let mut value = json!({
            "rules": { "attributes": attributes.to_string() },
            "list": r#" [{"new_password": "hunter22zz"}, "13800000000", 7]"#,
            "repeated": r#"{"api_token": "hunter22zz", "api_token": null}"#,
            "note": "[draft] {plan}",
        });
        redact("", &mut value, &[]);
        let text = value["rules"]["attributes"].as_str().unwrap();
        let attributes: Json = serde_json::from_str(text).unwrap();
        assert_eq!(
            attributes,
            json!({ "api_token": REDACTED, "plan": "team", "inner": REDACTED })
        );
        let list = json!([{ "new_password": REDACTED }, "138****0000", 7]);
        assert_eq!(value["list"], list.to_string());
        assert_eq!(value["note"], "[draft] {plan}");
        assert!(!value.to_string().contains("hunter22zz"), "{value}");
    }

    #[test]
    fn text_that_only_looks_like_json_is_hidden_obs_11() {
        let valid = r#"{"api_token": "hunter22zz"}"#;
        let deep = format!("{}{valid}{}", "[".repeat(200), "]".repeat(200));
        for text in [
            r#"{"api_token": "hunter22zz",}"#.to_owned(),
            format!("{valid} and more"),
            format!("{valid}\n{valid}"),
            r#"{"api_token": "hunter22zz", "size": 1e999}"#.to_owned(),
            r#"{"api_token": "hunter22zz", "text": "\ud800"}"#.to_owned(),
            "{'api_token': 'hunter22zz'}".to_owned(),
            json!(valid).to_string(),
            deep,
        ] {
            let mut value = json!({ "note": &text });
            redact("", &mut value, &[]);
            assert_eq!(value["note"], REDACTED, "{text}");
        }
        let mut value = json!({ "note": format!("\u{feff} {valid}") });
        redact("", &mut value, &[]);
        assert_eq!(value["note"], json!({ "api_token": REDACTED }).to_string());
    }

    #[test]
    fn json_without_personal_values_is_kept_as_written_obs_11() {
        for text in [
            "{ \"size\" : 1.50,\n  \"plans\": [\"a:b\", \"c\\\"d:\"] }",
            "[1.0, {\"b\": {\"a\": null}}]",
            "\"quoted\"",
        ] {
            let mut value = json!({ "note": text });
            redact("", &mut value, &[]);
            assert_eq!(value["note"], text);
        }
        // The value of the number is not exact, so the form of the text decides.
        let mut value = json!({ "note": "[41111111111111111115]" });
        redact("", &mut value, &[]);
        assert_eq!(value["note"], "[4111************1115]");
    }

    #[test]
    fn equal_masked_names_have_numbers_obs_11() {
        let count = 5_000;
        let mut value = json!({ "138****0000 (2)": "sent" });
        for number in 0..count {
            value[format!("138{number:04}0000")] = number.into();
        }
        redact("", &mut value, &[]);
        let members = value.as_object().unwrap();
        assert_eq!(members.len(), count + 1);
        assert_eq!(members["138****0000 (2)"], "sent");
        assert!(members.contains_key("138****0000 (5001)"));
        let longest = members.keys().map(String::len).max().unwrap();
        assert!(longest <= "138****0000 (5001)".len(), "{longest}");
    }
}
