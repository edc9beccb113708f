use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    REDACTED,
    detection::{is_bank_card, is_email, is_id_card, is_international, is_mobile, is_number},
    rule::{end, keep, start},
};

/// The stars of masked names and e-mail addresses. Their number does not disclose the length.
const STARS: &str = "***";
const STAR: char = '*';

/// Parts of the names of secrets.
const SECRETS: [&str; 8] = [
    "password",
    "passwd",
    "pwd",
    "token",
    "secret",
    "key",
    "auth",
    "credential",
];
/// Words that contain a part in `SECRETS` but do not name a secret, without a final `s`.
const FALSE_HITS: [&str; 16] = [
    "author",
    "authored",
    "authority",
    "authoritie",
    "donkey",
    "hockey",
    "jockey",
    "keyboard",
    "keynote",
    "keypad",
    "keyword",
    "monkey",
    "secretary",
    "tokenizer",
    "turkey",
    "whiskey",
];

/// The names of fields with the name of a person, without separators. A plain `name` may be that of
/// a thing, but no rule can tell.
const NAMES_OF_PEOPLE: [&str; 8] = [
    "contactname",
    "displayname",
    "firstname",
    "fullname",
    "lastname",
    "name",
    "realname",
    "username",
];

/// The kind of a personal value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// An e-mail address: `ab***@example.org`, or `a*@example.org` if two or fewer characters are
    /// before the `@`.
    Email,
    /// A telephone number: the first 3 and the last 4 digits.
    Phone,
    /// The name of a person: the first and the last character.
    Name,
    /// An identity card of mainland China, of 18 or 15 characters.
    IdCard,
    /// A bank card: the first 4 and the last 4 digits.
    BankCard,
    /// A postal address: the first 6 characters.
    Address,
    /// Any other value: the first 2 and the last 2 characters.
    Other,
}

impl Kind {
    /// Returns the kind of a field by its name, in any case.
    ///
    /// ```
    /// use seaworthy_core::mask::Kind;
    ///
    /// assert_eq!(Kind::from_name("contactEmail"), Some(Kind::Email));
    /// assert_eq!(Kind::from_name("filename"), None);
    /// ```
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let words = words(name);
        let has = |wanted: &[&str]| words.iter().any(|word| is_one_of(word, wanted));
        let joined = words.concat();
        let singular = joined.strip_suffix('s').unwrap_or(&joined);
        if has(&["email", "mail"]) {
            Some(Self::Email)
        } else if has(&["phone", "mobile", "telephone"]) {
            Some(Self::Phone)
        } else if singular.ends_with("idcard") || singular.ends_with("identitycard") {
            Some(Self::IdCard)
        } else if singular.ends_with("bankcard") || singular.ends_with("cardnumber") {
            Some(Self::BankCard)
        } else if has(&["address"]) {
            Some(Self::Address)
        } else if NAMES_OF_PEOPLE.contains(&joined.as_str()) {
            Some(Self::Name)
        } else {
            None
        }
    }

    /// Returns the kind of a whole value by its form. It detects identity cards and bank cards with
    /// a valid check digit, mobile numbers, numbers with a country code, and e-mail addresses.
    #[must_use]
    pub fn from_value(text: &str) -> Option<Self> {
        if is_id_card(text) {
            Some(Self::IdCard)
        } else if is_bank_card(text) {
            Some(Self::BankCard)
        } else if is_mobile(text) || is_international(text) {
            Some(Self::Phone)
        } else if is_email(text) {
            Some(Self::Email)
        } else {
            None
        }
    }

    /// Masks a value of this kind.
    ///
    /// ```
    /// use seaworthy_core::mask::Kind;
    ///
    /// assert_eq!(Kind::Email.mask("abc@x.org"), "ab***@x.org");
    /// assert_eq!(Kind::Phone.mask("13800000000"), "138****0000");
    /// assert_eq!(Kind::Name.mask("Al"), "A*");
    /// ```
    #[must_use]
    pub fn mask(self, text: &str) -> String {
        if self == Self::Phone
            && let Some(number) = phone_number(text)
        {
            return keep(&number, 3, 4, STAR);
        }
        let length = text.chars().count();
        match self {
            Self::Email if is_email(text) => email(text),
            Self::Name => match length {
                0 | 1 => "*".repeat(length),
                2 => format!("{}*", start(text, 1)),
                _ => format!("{}{STARS}{}", start(text, 1), end(text, 1)),
            },
            Self::IdCard if length == 18 => keep(text, 6, 4, STAR),
            Self::IdCard if length == 15 => keep(text, 6, 3, STAR),
            Self::BankCard if length >= 9 => keep(text, 4, 4, STAR),
            Self::BankCard => "*".repeat(length),
            Self::Address if length > 6 => keep(text, 6, 0, STAR),
            Self::Address => keep(text, length.saturating_sub(2), 0, STAR),
            _ if length <= 4 => REDACTED.to_owned(),
            _ => keep(text, 2, 2, STAR),
        }
    }
}

/// Whether a word is one of these, or the plural of one.
fn is_one_of(word: &str, wanted: &[&str]) -> bool {
    let mut ends = wanted.iter().filter_map(|known| word.strip_prefix(known));
    ends.any(|end| matches!(end, "" | "s" | "es"))
}

/// Returns whether the name of a field marks a secret, such as `licenseKey` or `auth_header`, in
/// any case. Words such as `keyboard` and `author` do not mark one.
///
/// ```
/// use seaworthy_core::mask::is_secret_name;
///
/// assert!(is_secret_name("newPassword") && is_secret_name("OAuth"));
/// assert!(!is_secret_name("keyboard_layout"));
/// ```
#[must_use]
pub fn is_secret_name(name: &str) -> bool {
    words(name).iter().any(|word| {
        let singular = word.strip_suffix('s').unwrap_or(word);
        let is_false_hit = FALSE_HITS.contains(&word.as_str()) || FALSE_HITS.contains(&singular);
        !is_false_hit && SECRETS.iter().any(|secret| word.contains(secret))
    })
}

/// Returns a phone number without its separators: spaces, hyphens and parentheses.
fn phone_number(text: &str) -> Option<String> {
    let is_separator = |letter: &char| matches!(letter, ' ' | '-' | '(' | ')');
    let number: String = text
        .chars()
        .filter(|letter| !is_separator(letter))
        .collect();
    (is_number(&number) && number.len() >= 8).then_some(number)
}

fn email(text: &str) -> String {
    let (local, domain) = text.rsplit_once('@').unwrap_or((text, ""));
    match local.chars().count() {
        0..=2 => format!("{}{STAR}@{domain}", start(local, 1)),
        _ => format!("{}{STARS}@{domain}", start(local, 2)),
    }
}

/// Splits a name at underscores, dashes and capital letters. The words are in lower case.
#[must_use]
pub fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for letter in name.chars() {
        if !letter.is_alphanumeric() || (letter.is_uppercase() && was_lower) {
            words.push(String::new());
        }
        was_lower = letter.is_lowercase();
        if letter.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KINDS: [Kind; 7] = [
        Kind::Email,
        Kind::Phone,
        Kind::Name,
        Kind::IdCard,
        Kind::BankCard,
        Kind::Address,
        Kind::Other,
    ];

    #[test]
    fn each_kind_shows_its_documented_part_obs_3() {
        for (kind, text, masked) in [
            (Kind::Email, "abc@x.org", "ab***@x.org"),
            (Kind::Email, "ab@x.org", "a*@x.org"),
            (Kind::Email, "a@x.org", "a*@x.org"),
            (Kind::Email, "not an address", "no**********ss"),
            (Kind::Phone, "13800000000", "138****0000"),
            (Kind::Phone, "+442079460958", "+44******0958"),
            (Kind::Phone, "+44 (20) 7946-0958", "+44******0958"),
            (Kind::Phone, "138 0000-0000", "138****0000"),
            (Kind::Phone, "12345", "12*45"),
            (Kind::Name, "A", "*"),
            (Kind::Name, "王小", "王*"),
            (Kind::Name, "Alan", "A***n"),
            (Kind::IdCard, "11010519491231002X", "110105********002X"),
            (Kind::IdCard, "110105491231002", "110105******002"),
            (Kind::IdCard, "1234", "[REDACTED]"),
            (Kind::BankCard, "4111111111111111", "4111********1111"),
            (Kind::BankCard, "1234567", "*******"),
            (Kind::Address, "1 Main Street", "1 Main*******"),
            (Kind::Address, "Paris", "Par**"),
            (Kind::Other, "four", "[REDACTED]"),
            (Kind::Other, "secret value", "se********ue"),
            (Kind::Other, "", "[REDACTED]"),
        ] {
            assert_eq!(kind.mask(text), masked, "{kind:?} {text}");
        }
    }

    #[test]
    fn values_are_found_by_their_check_digits_obs_3() {
        assert_eq!(Kind::from_value("11010519491231002X"), Some(Kind::IdCard));
        assert_eq!(Kind::from_value("110105194912310021"), None);
        // A valid check digit, and the month 19.
        assert_eq!(Kind::from_value("110105194919310022"), None);
        assert_eq!(Kind::from_value("4111111111111111"), Some(Kind::BankCard));
        assert_eq!(Kind::from_value("4111111111111112"), None);
        assert_eq!(Kind::from_value("13800000000"), Some(Kind::Phone));
        assert_eq!(Kind::from_value("12800000000"), None);
        assert_eq!(Kind::from_value("8613800000000"), Some(Kind::Phone));
        assert_eq!(Kind::from_value("008613800000000"), Some(Kind::Phone));
        assert_eq!(Kind::from_value("8612800000000"), None);
        assert_eq!(Kind::from_value("+442079460958"), Some(Kind::Phone));
        assert_eq!(Kind::from_value("+0000000012"), None);
        assert_eq!(Kind::from_value("1700000000000000"), None);
    }

    #[test]
    fn names_of_fields_select_the_kind_by_whole_words_obs_3() {
        for name in ["email", "userEmail", "user_mail", "E-Mail-Address"] {
            assert!(Kind::from_name(name).is_some(), "{name}");
        }
        assert_eq!(Kind::from_name("mobilePhone"), Some(Kind::Phone));
        for (name, kind) in [
            ("phones", Kind::Phone),
            ("contactTelephones", Kind::Phone),
            ("mobiles", Kind::Phone),
            ("emails", Kind::Email),
            ("home_addresses", Kind::Address),
            ("idCards", Kind::IdCard),
            ("card_numbers", Kind::BankCard),
        ] {
            assert_eq!(Kind::from_name(name), Some(kind), "{name}");
        }
        for name in [
            "name",
            "userName",
            "username",
            "display_name",
            "fullName",
            "contact_name",
        ] {
            assert_eq!(Kind::from_name(name), Some(Kind::Name), "{name}");
        }
        assert_eq!(Kind::from_name("idCard"), Some(Kind::IdCard));
        for name in [
            "filename",
            "class_name",
            "names",
            "monkey",
            "keyboard",
            "flag",
            "name_pattern",
        ] {
            assert_eq!(Kind::from_name(name), None, "{name}");
        }
    }

    #[test]
    fn names_of_secrets_are_found_in_any_spelling_obs_3() {
        for name in [
            "password",
            "newPasswd",
            "db_pwd",
            "refresh-token",
            "clientSecret",
            "licenseKey",
            "apikey",
            "auth",
            "OAuth",
            "credentials",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "monkey",
            "keyboardLayout",
            "keywords",
            "authors",
            "email",
            "note",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    proptest! {
        // A text of stars is its own mask.
        #[test]
        fn masks_show_only_the_documented_part_obs_3(text in "[^*\\pC]{1,40}", index in 0..KINDS.len()) {
            let masked = KINDS[index].mask(&text);
            let length = text.chars().count();
            let shown = masked.replace(REDACTED, "").chars().filter(|shown| *shown != STAR).count();
            let max_shown = match KINDS[index] {
                // The domain is not personal.
                Kind::Email => text.rsplit_once('@').map_or(4, |(_, domain)| domain.chars().count() + 3),
                Kind::Phone => 7,
                Kind::Name => 2,
                Kind::IdCard => 10,
                Kind::BankCard => 8,
                Kind::Address => 6,
                Kind::Other => 4,
            };
            prop_assert!(shown <= max_shown.max(4) && shown < length, "{} shows {}", masked, shown);
        }
    }
}
