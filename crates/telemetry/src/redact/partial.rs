//! Parts of personal data that people may see: enough to recognise what is theirs, too little to use it. For messages and pages, not for logs, where nothing of it
//! stands.

use super::{MASK, ip::network_of};

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PersonalKind {
    /// The address of a mailbox: the first letter and the domain, `a***@example.org`.
    Email,
    /// A telephone number: the last two digits, `***58`.
    Phone,
    /// The number of a card: the last four digits, `***1111`.
    Card,
    /// A national identifier: nothing.
    NationalId,
    /// A person's name: the first letter of each word, `A*** L***`.
    Name,
    /// A postal address: nothing.
    Address,
    /// A network address: the network, `192.0.2.0/24` or `2001:db8:1::/48`.
    NetworkAddress,
    /// A token or a key: nothing.
    Secret,
}

/// The part of a text that may be shown. A text that is not what it is said to be is masked whole: what is not recognised is not shown.
///
/// ```
/// use seaworthy_telemetry::redact::{PersonalKind, partial};
///
/// assert_eq!(partial("ada@example.org", PersonalKind::Email), "a***@example.org");
/// assert_eq!(partial("4111 1111 1111 1111", PersonalKind::Card), "***1111");
/// assert_eq!(partial("not an address", PersonalKind::Email), "***");
/// ```
#[must_use]
pub fn partial(text: &str, kind: PersonalKind) -> String {
    let shown = match kind {
        PersonalKind::Email => email(text),
        // Two of eight or more digits; four of thirteen or more.
        PersonalKind::Phone => last_digits(text, 8, 2),
        PersonalKind::Card => last_digits(text, 13, 4),
        PersonalKind::Name => name(text),
        PersonalKind::NetworkAddress => network(text),
        PersonalKind::NationalId | PersonalKind::Address | PersonalKind::Secret => None,
    };
    shown.unwrap_or_else(|| MASK.to_owned())
}

fn email(text: &str) -> Option<String> {
    let (name, domain) = text.split_once('@')?;
    let is_domain = domain.contains('.') && !domain.contains(['@', ' ', '/', ':']);
    // Of a name of one letter the first one would be all.
    let mut letters = name.chars();
    let first = letters.next()?;
    letters.next()?;
    is_domain.then(|| format!("{first}{MASK}@{domain}"))
}

fn last_digits(text: &str, fewest: usize, shown: usize) -> Option<String> {
    let is_number = |letter: char| letter.is_ascii_digit() || " +-.()/".contains(letter);
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if digits.len() < fewest || !text.chars().all(is_number) {
        return None;
    }
    let last = digits.get(digits.len() - shown..)?;
    Some(format!("{MASK}{last}"))
}

fn name(text: &str) -> Option<String> {
    let words: Vec<_> = text
        .split_whitespace()
        .map(|word| {
            let mut letters = word.chars();
            let first = letters.next().filter(|first| first.is_alphabetic())?;
            letters.next()?;
            Some(format!("{first}{MASK}"))
        })
        .collect::<Option<_>>()?;
    (!words.is_empty()).then(|| words.join(" "))
}

fn network(text: &str) -> Option<String> {
    let (network, prefix) = network_of(text.parse().ok()?);
    Some(format!("{network}/{prefix}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_kind_shows_what_it_may_obs_3() {
        use PersonalKind as Kind;
        for (text, kind, shown) in [
            (
                "ada.lovelace@mail.example.org",
                Kind::Email,
                "a***@mail.example.org",
            ),
            ("a@example.org", Kind::Email, "***"),
            ("ada", Kind::Email, "***"),
            ("ada@x@example.org", Kind::Email, "***"),
            ("élodie@example.org", Kind::Email, "é***@example.org"),
            ("+33 6 12 34 56 78", Kind::Phone, "***78"),
            ("112", Kind::Phone, "***"),
            ("call 0612345678", Kind::Phone, "***"),
            ("4111-1111-1111-1111", Kind::Card, "***1111"),
            ("1111", Kind::Card, "***"),
            ("Ada Lovelace", Kind::Name, "A*** L***"),
            ("李 明", Kind::Name, "***"),
            ("123-45-6789", Kind::NationalId, "***"),
            ("12 rue de la Paix", Kind::Address, "***"),
            ("192.0.2.77", Kind::NetworkAddress, "192.0.2.0/24"),
            ("2001:db8:1:2::3", Kind::NetworkAddress, "2001:db8:1::/48"),
            ("::ffff:192.0.2.77", Kind::NetworkAddress, "192.0.2.0/24"),
            ("localhost", Kind::NetworkAddress, "***"),
            ("sk_live_abc", Kind::Secret, "***"),
        ] {
            assert_eq!(partial(text, kind), shown, "{text:?} {kind:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_shown_whole_obs_3(text in "\\PC{1,40}") {
            use PersonalKind as Kind;
            for kind in [Kind::Email, Kind::Phone, Kind::Card, Kind::Name, Kind::NationalId, Kind::Secret] {
                prop_assert!(partial(&text, kind).contains(MASK));
            }
        }
    }
}
