use std::collections::BTreeMap;

use seaworthy_core::ByteSize;

use crate::{DeadLetterId, Envelope};

/// Collects one page of the dead letters of a queue: those with the smallest IDs after a given one.
///
/// The broker returns letters in any order. Letters that are not on the page are dropped
/// immediately, so memory is bounded by the size of the page and one letter.
#[derive(Debug)]
pub(super) struct Page {
    after: Option<DeadLetterId>,
    limit: usize,
    max_size: usize,
    size: usize,
    letters: BTreeMap<DeadLetterId, Envelope>,
}

impl Page {
    pub(super) fn new(after: Option<DeadLetterId>, limit: usize, max_size: ByteSize) -> Self {
        Self {
            after,
            limit,
            max_size: max_size.as_usize(),
            size: 0,
            letters: BTreeMap::new(),
        }
    }

    /// Adds a letter if it belongs to the page. Letters that it displaces are dropped.
    pub(super) fn add(&mut self, envelope: Envelope) {
        let id = DeadLetterId::of(&envelope);
        if self.after.as_ref().is_some_and(|after| id <= *after) {
            return;
        }
        self.size += envelope.size();
        if let Some(replaced) = self.letters.insert(id, envelope) {
            self.size -= replaced.size();
        }
        while let Some((_, last)) = self.letters.last_key_value() {
            // The letter that exceeds the size stays, so that the caller knows that more may
            // follow.
            let is_beyond = self.size - last.size() >= self.max_size;
            if self.letters.len() <= self.limit && !is_beyond {
                return;
            }
            self.size -= last.size();
            self.letters.pop_last();
        }
    }

    /// Returns the letters, the smallest ID first.
    pub(super) fn into_letters(self) -> Vec<Envelope> {
        self.letters.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Topic, dead_letter::attributes};

    fn letter(id: &str, size: usize) -> Envelope {
        let topic = Topic::new("topic").unwrap().dead_letters();
        Envelope::new(topic, "kind", "source", vec![0; size]).with_attribute(attributes::ID, id)
    }

    fn ids(page: Page) -> Vec<String> {
        let letters = page.into_letters();
        let ids = letters.iter().map(DeadLetterId::of);
        ids.map(|id| id.as_str().to_owned()).collect()
    }

    #[test]
    fn keep_smallest_ids_within_limit_msg_3() {
        let after = Some(DeadLetterId::new("b"));
        let mut page = Page::new(after, 2, ByteSize::mebibytes(1));
        for id in ["e", "c", "a", "d", "b"] {
            page.add(letter(id, 10));
        }
        assert_eq!(ids(page), ["c", "d"]);
    }

    #[test]
    fn hold_at_most_one_letter_above_size_limit_msg_3() {
        let mut page = Page::new(None, 1_000, ByteSize::kibibytes(64));
        for number in (0..1_000).rev() {
            page.add(letter(&format!("{number:04}"), 10 * 1024));
            let held: usize = page.letters.values().map(Envelope::size).sum();
            assert_eq!(held, page.size);
            assert!(held < (64 + 11) * 1024, "{held}");
        }
        let first = ["0000", "0001", "0002", "0003", "0004", "0005", "0006"];
        assert_eq!(ids(page), first);
    }

    #[test]
    fn page_has_at_least_one_letter_msg_3() {
        let mut page = Page::new(None, 10, ByteSize::kibibytes(1));
        page.add(letter("a", 4096));
        page.add(letter("b", 4096));
        assert_eq!(ids(page), ["a"]);
    }
}
