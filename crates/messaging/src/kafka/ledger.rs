use std::collections::{BTreeMap, VecDeque};

/// Maximum size of the metadata in bytes. By default Kafka accepts 4,096 bytes per offset.
const MAX_BYTES: usize = 3_500;
/// The prefix of the metadata. Metadata of other programs has no such prefix.
const MARK: &str = "s1";

/// The state of the messages of a partition after the committed offset.
///
/// The metadata of the committed offset contains it as runs from that offset on: `4d` means four
/// settled messages, `2x1` two unsettled messages that were delivered once. If the text exceeds the
/// limit of Kafka, its end is omitted: settled messages there may be redelivered, and their
/// deliveries are not counted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Ledger {
    /// The next offset that the broker delivers.
    next: i64,
    /// The offsets of unsettled messages, and how often each was delivered.
    open: BTreeMap<i64, u32>,
    /// The committed state of messages that the broker has not delivered yet.
    ahead: VecDeque<Run>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    start: i64,
    end: i64,
    disposition: Disposition,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Disposition {
    Done,
    Delivered(u32),
}

impl Ledger {
    /// Reads the committed state.
    pub(super) fn read(offset: i64, metadata: &str) -> Self {
        let mut ahead = VecDeque::new();
        let mut words = metadata.split(' ');
        if words.next() == Some(MARK) {
            let mut start = offset;
            for (length, disposition) in words.map_while(run) {
                let end = start.saturating_add(length);
                ahead.push_back(Run {
                    start,
                    end,
                    disposition,
                });
                start = end;
            }
        }
        Self {
            next: offset,
            open: BTreeMap::new(),
            ahead,
        }
    }

    /// Whether an offset is before those that have arrived.
    pub(super) fn is_before(&self, offset: i64) -> bool {
        offset < self.next
    }

    /// Records the arrival of a message. Returns its number of deliveries, including this one, or
    /// `None` if it is settled. Skipped offsets were deleted.
    pub(super) fn arrive(&mut self, offset: i64) -> Option<u32> {
        if offset < self.next {
            return None;
        }
        self.next = offset.saturating_add(1);
        while self.ahead.front().is_some_and(|run| run.end <= offset) {
            self.ahead.pop_front();
        }
        let known = self.ahead.front().filter(|run| run.start <= offset);
        let before = match known.map(|run| run.disposition) {
            Some(Disposition::Done) => return None,
            Some(Disposition::Delivered(count)) => count,
            None => 0,
        };
        let count = before.saturating_add(1);
        self.open.insert(offset, count);
        Some(count)
    }

    /// Settles a message. Returns `false` if it was settled.
    pub(super) fn settle(&mut self, offset: i64) -> bool {
        self.open.remove(&offset).is_some()
    }

    /// Returns a message from a live member. This does not count as a delivery.
    pub(super) fn release(&mut self, offset: i64) {
        if let Some(count) = self.open.get_mut(&offset) {
            *count = count.saturating_sub(1);
        }
    }

    /// Counts another delivery.
    pub(super) fn deliver_again(&mut self, offset: i64) -> u32 {
        let count = self.open.entry(offset).or_default();
        *count = count.saturating_add(1);
        *count
    }

    /// Returns the offset to commit. All messages before it are settled.
    pub(super) fn floor(&self) -> i64 {
        let first = self.open.first_key_value();
        first.map_or(self.next, |(offset, _)| *offset)
    }

    /// Returns the number of unsettled messages before `end`.
    pub(super) fn waiting(&self, end: i64) -> u64 {
        let open = self.open.len() as u64;
        let done = self
            .ahead
            .iter()
            .filter(|run| run.disposition == Disposition::Done);
        let done: i64 = done
            .map(|run| run.end.min(end) - run.start.max(self.next))
            .map(|length| length.max(0))
            .sum();
        let ahead = end.saturating_sub(self.next).saturating_sub(done);
        open.saturating_add(u64::try_from(ahead).unwrap_or(0))
    }

    /// Returns the metadata to commit with [`floor`](Self::floor).
    pub(super) fn metadata(&self) -> String {
        let mut runs: Vec<(i64, Disposition)> = Vec::new();
        let mut add = |length: i64, disposition: Disposition| match runs.last_mut() {
            _ if length <= 0 => {}
            Some((last, same)) if *same == disposition => *last += length,
            _ => runs.push((length, disposition)),
        };
        let mut cursor = self.floor();
        for (offset, count) in &self.open {
            add(offset - cursor, Disposition::Done);
            add(1, Disposition::Delivered(*count));
            cursor = offset + 1;
        }
        add(self.next - cursor, Disposition::Done);
        cursor = cursor.max(self.next);
        for run in &self.ahead {
            let start = run.start.max(cursor);
            add(start - cursor, Disposition::Delivered(0));
            add(run.end - start, run.disposition);
            cursor = cursor.max(run.end);
        }
        if runs.is_empty() {
            return String::new();
        }
        let mut text = MARK.to_owned();
        for (length, disposition) in runs {
            let word = match disposition {
                Disposition::Done => format!(" {length}d"),
                Disposition::Delivered(count) => format!(" {length}x{count}"),
            };
            if text.len() + word.len() > MAX_BYTES {
                break;
            }
            text.push_str(&word);
        }
        text
    }
}

fn run(word: &str) -> Option<(i64, Disposition)> {
    let end = word.find(|character: char| !character.is_ascii_digit())?;
    let (length, disposition) = word.split_at(end);
    let disposition = match disposition {
        "d" => Disposition::Done,
        disposition => Disposition::Delivered(disposition.strip_prefix('x')?.parse().ok()?),
    };
    Some((
        length.parse().ok().filter(|length| *length > 0)?,
        disposition,
    ))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn offset_moves_over_handled_messages_only_msg_1() {
        let mut ledger = Ledger::read(10, "");
        for offset in 10..15 {
            assert_eq!(ledger.arrive(offset), Some(1));
        }
        assert!(ledger.settle(12) && ledger.settle(13) && !ledger.settle(13));
        assert_eq!((ledger.floor(), &*ledger.metadata()), (10, "s1 2x1 2d 1x1"));
        assert!(ledger.settle(10));
        assert_eq!((ledger.floor(), &*ledger.metadata()), (11, "s1 1x1 2d 1x1"));
        assert!(ledger.settle(11));
        assert_eq!((ledger.floor(), &*ledger.metadata()), (14, "s1 1x1"));
        assert!(ledger.settle(14));
        assert_eq!((ledger.floor(), &*ledger.metadata()), (15, ""));
    }

    #[test]
    fn deliveries_are_counted_over_members_msg_3() {
        let mut ledger = Ledger::read(0, "s1 1x1 2d 1x20 nonsense");
        let arrived: Vec<_> = (0..5).map(|offset| ledger.arrive(offset)).collect();
        assert_eq!(arrived, [Some(2), None, None, Some(21), Some(1)]);
        ledger.release(0);
        assert_eq!(ledger.metadata(), "s1 1x1 2d 1x21 1x1");
        assert_eq!(ledger.deliver_again(0), 2);
        let mut foreign = Ledger::read(7, "metadata of others 4d");
        assert_eq!(foreign.arrive(7), Some(1));
    }

    #[test]
    fn missing_entries_are_complete_msg_1() {
        let mut ledger = Ledger::read(0, "s1 1x3 1000000000d 1x2");
        assert_eq!(ledger.waiting(1_000_000_002), 2);
        assert_eq!(ledger.arrive(5_000_000_000), Some(1));
        assert_eq!(ledger.floor(), 5_000_000_000);
        assert_eq!(ledger.waiting(5_000_000_010), 10);
    }

    proptest! {
        #[test]
        fn ledger_returns_the_written_entries_msg_1(
            start in 0..1_000_i64,
            done in proptest::collection::btree_set(0..200_i64, 0..200),
            arrived in 0..200_i64,
        ) {
            let mut ledger = Ledger::read(start, "");
            for offset in 0..arrived {
                ledger.arrive(start + offset);
            }
            for offset in &done {
                ledger.settle(start + offset);
            }
            let (floor, metadata) = (ledger.floor(), ledger.metadata());
            let mut next = Ledger::read(floor, &metadata);
            prop_assert_eq!(next.waiting(start + 200), ledger.waiting(start + 200));
            prop_assert_eq!(next.metadata(), metadata);
            for offset in floor..start + 200 {
                let is_done = done.contains(&(offset - start)) && offset < start + arrived;
                let count = if offset < start + arrived { 2 } else { 1 };
                prop_assert_eq!(next.arrive(offset), (!is_done).then_some(count));
            }
        }

        #[test]
        fn arbitrary_metadata_does_not_panic_msg_1(metadata in "(s1)?[ 0-9xd]{0,40}") {
            let mut ledger = Ledger::read(0, &metadata);
            let _ = (ledger.arrive(3), ledger.metadata(), ledger.waiting(9));
        }

        #[test]
        fn metadata_stays_within_limit_of_kafka_msg_1(count in 1..3_000_i64) {
            let mut ledger = Ledger::read(0, "");
            for offset in 0..count {
                ledger.arrive(offset);
            }
            for offset in (1..count).step_by(2) {
                ledger.settle(offset);
            }
            prop_assert!(ledger.metadata().len() <= MAX_BYTES);
        }
    }
}
