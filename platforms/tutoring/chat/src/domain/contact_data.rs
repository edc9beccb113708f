/// A kind of contact data in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContactData {
    PhoneNumber,
    EmailAddress,
    SocialProfile,
}

impl ContactData {
    /// Returns the name for people.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::PhoneNumber => "a telephone number",
            Self::EmailAddress => "an e-mail address",
            Self::SocialProfile => "a profile of a social network",
        }
    }
}

/// The shortest telephone number with an area code. Dates and amounts have fewer digits.
const MIN_DIGITS: usize = 9;
/// Names of social networks that a user name follows.
const NETWORKS: [&str; 14] = [
    "instagram",
    "insta",
    "facebook",
    "fb",
    "whatsapp",
    "telegram",
    "snapchat",
    "snap",
    "twitter",
    "linkedin",
    "discord",
    "skype",
    "signal",
    "wechat",
];
/// Hosts of profiles.
const HOSTS: [&str; 13] = [
    "instagram.com",
    "facebook.com",
    "fb.com",
    "fb.me",
    "m.me",
    "wa.me",
    "whatsapp.com",
    "t.me",
    "telegram.me",
    "snapchat.com",
    "twitter.com",
    "x.com",
    "linkedin.com",
];
/// Names of networks that are also common words in a lesson.
const USUAL_WORDS: [&str; 3] = ["discord", "signal", "snap"];
/// Words between the name of a network and a user name.
const FILLERS: [&str; 8] = ["is", "my", "me", "at", "on", "name", "account", "profile"];
/// Words that announce a user name, which may then be any word.
const ANNOUNCEMENTS: [&str; 4] = [":", "handle", "id", "username"];

/// Returns the kind of contact data that a text contains, without the data.
pub(crate) fn contact_data(text: &str) -> Option<ContactData> {
    let text: String = text.chars().map(plain_digit).collect();
    let text = text.to_lowercase();
    if has_email(&text) {
        return Some(ContactData::EmailAddress);
    }
    if has_social_profile(&text) {
        return Some(ContactData::SocialProfile);
    }
    has_phone_number(&text).then_some(ContactData::PhoneNumber)
}

/// Returns the ASCII digit of a digit in Devanagari, Malayalam, Tamil or full width.
fn plain_digit(letter: char) -> char {
    let zeros = ['\u{0966}', '\u{0D66}', '\u{0BE6}', '\u{FF10}'];
    let value = zeros.iter().find_map(|zero| {
        let offset = u32::from(letter).checked_sub(u32::from(*zero))?;
        char::from_digit(offset, 10)
    });
    value.unwrap_or(letter)
}

/// Digits in one group, which spaces, hyphens, dots and brackets may separate.
fn has_phone_number(text: &str) -> bool {
    let mut digits = 0;
    let mut gap = 0;
    for letter in text.chars() {
        if letter.is_ascii_digit() {
            digits += 1;
            gap = 0;
            if digits >= MIN_DIGITS {
                return true;
            }
        } else if matches!(letter, ' ' | '-' | '.' | '(' | ')' | '+' | '/' | '_') && gap < 2 {
            gap += 1;
        } else {
            digits = 0;
            gap = 0;
        }
    }
    false
}

fn has_email(text: &str) -> bool {
    let text = text
        .replace("(at)", "@")
        .replace("[at]", "@")
        .replace("(dot)", ".")
        .replace("[dot]", ".")
        .replace(" @ ", "@")
        .replace(" . ", ".");
    text.match_indices('@').any(|(at, _)| {
        let (before, after) = text.split_at(at);
        let has_name = before
            .chars()
            .next_back()
            .is_some_and(char::is_alphanumeric);
        let is_host = |letter: &char| letter.is_alphanumeric() || matches!(letter, '.' | '-');
        let host: String = after.chars().skip(1).take_while(is_host).collect();
        let host = host.trim_end_matches('.');
        has_name
            && host
                .split_once('.')
                .is_some_and(|(name, rest)| !name.is_empty() && rest.len() >= 2)
    })
}

fn has_social_profile(text: &str) -> bool {
    let is_boundary = |letter: Option<char>| !letter.is_some_and(|letter| letter.is_alphanumeric());
    let links = HOSTS.iter().any(|host| {
        text.match_indices(host).any(|(start, _)| {
            let rest = text.get(start + host.len()..).unwrap_or_default();
            let path = rest.strip_prefix('/').and_then(|path| path.chars().next());
            let before = text.get(..start).and_then(|text| text.chars().next_back());
            is_boundary(before) && path.is_some_and(|letter| !letter.is_whitespace())
        })
    });
    if links {
        return true;
    }
    let text = text.replace([':', '='], " : ");
    let is_separator = |letter: char| letter.is_whitespace() || matches!(letter, '-' | ',' | ';');
    let words: Vec<_> = text
        .split(is_separator)
        .map(|word| word.trim_end_matches(['.', '!', '?']))
        .filter(|word| !word.is_empty())
        .collect();
    words.iter().enumerate().any(|(index, word)| {
        if !NETWORKS.contains(word) {
            return false;
        }
        let mut is_announced = false;
        for next in words.iter().skip(index + 1) {
            if ANNOUNCEMENTS.contains(next) {
                is_announced = !USUAL_WORDS.contains(word);
            } else if !FILLERS.contains(next) {
                return is_handle(next, is_announced);
            }
        }
        false
    })
}

/// Whether a word is a user name. Without an announcement, it must differ from common words.
fn is_handle(word: &str, is_announced: bool) -> bool {
    if let Some(name) = word.strip_prefix('@') {
        return name.len() >= 3;
    }
    let is_name = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '.');
    word.chars().count() >= 4
        && word.chars().all(is_name)
        && (is_announced
            || word.contains(|letter: char| letter.is_ascii_digit() || matches!(letter, '_' | '.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contact_data_are_found_by_kind_sec_5() {
        for (text, kind) in [
            ("call 98470 12345", ContactData::PhoneNumber),
            ("+91-9847-012345", ContactData::PhoneNumber),
            ("९८४७०१२३४५", ContactData::PhoneNumber),
            ("write to asha@example.org", ContactData::EmailAddress),
            (
                "asha (at) example (dot) org, asha(at)example(dot)org",
                ContactData::EmailAddress,
            ),
            ("my instagram is @asha.codes", ContactData::SocialProfile),
            ("Insta: asha_codes", ContactData::SocialProfile),
            ("Insta: ashacodes", ContactData::SocialProfile),
            ("my telegram id is ravimenon", ContactData::SocialProfile),
            ("see https://wa.me/919847", ContactData::SocialProfile),
            (
                "https://www.linkedin.com/in/asha",
                ContactData::SocialProfile,
            ),
        ] {
            assert_eq!(contact_data(text), Some(kind), "{text}");
        }
    }

    #[test]
    fn usual_texts_have_no_contact_data_sec_5() {
        for text in [
            "The session is on 2026-03-01 at 16:00",
            "I solved 12 of 30 exercises, 3.14159",
            "We learn how instagram works",
            "meet @ the library",
            "Use x.com as an example of a short domain",
            "the signal is strong",
            "Signal: strong, noise: weak",
            "Facebook is a website: we build one",
            "We use the instagram account of a shop as an example",
        ] {
            assert_eq!(contact_data(text), None, "{text}");
        }
    }
}
