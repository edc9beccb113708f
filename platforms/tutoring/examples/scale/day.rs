//! A weekday in steps of one minute. All rates are integers in thousandths, so that each machine
//! computes the same page.

use super::inputs::{
    ARRIVAL_WINDOW, CODE_DELAY, CONFIRMATION_ENTRIES, CONFIRMATION_EVENTS, CONFIRMED_PERCENT,
    DELIVERY_BATCH, DELIVERY_ROUND_MS, DEVICES_PERCENT, FIRST_SLOT, MESSAGE_EVENTS,
    MESSAGES_PER_SESSION, NOTIFICATION_EVENTS, ONLINE_PERCENT, REQUESTS_PER_SESSION,
    SESSION_SECONDS, SLOT_PERCENT,
};

pub(crate) const MINUTE: u64 = 60;
pub(crate) const HOUR: u64 = 60 * MINUTE;
pub(crate) const DAY: u64 = 24 * HOUR;
/// The unit of rates.
pub(crate) const MILLI: u64 = 1_000;

/// The rates of one second, in thousandths.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Second {
    pub(crate) starts: u64,
    verified: u64,
    ends: u64,
    confirmed: u64,
    /// Sessions whose hour this is, per second.
    hour: u64,
}

/// Returns the rates of a second of the day. Each student has one session. The rates are constant
/// within a minute.
pub(crate) fn second(students: u64, at: u64) -> Second {
    let starts = |at: u64| -> u64 {
        let since = at + ARRIVAL_WINDOW / 2;
        match since % HOUR < ARRIVAL_WINDOW {
            true => students * percent(since / HOUR) * MILLI / 100 / ARRIVAL_WINDOW,
            false => 0,
        }
    };
    let after = |delay: u64| at.checked_sub(delay).map_or(0, starts);
    let end = CODE_DELAY + SESSION_SECONDS;
    Second {
        starts: starts(at),
        verified: after(CODE_DELAY),
        ends: after(end),
        confirmed: after(end + MINUTE) * CONFIRMED_PERCENT / 100,
        hour: students * percent(at / HOUR) * MILLI / 100 / HOUR,
    }
}

/// Returns the share of the sessions in the slot of an hour.
fn percent(hour: u64) -> u64 {
    let slots = (FIRST_SLOT..).zip(SLOT_PERCENT);
    let found = slots.into_iter().find(|(slot, _)| *slot == hour);
    found.map_or(0, |(_, percent)| percent)
}

/// Returns the first second of each minute of the day.
pub(crate) fn minutes() -> impl Iterator<Item = u64> {
    (0..DAY / MINUTE).map(|minute| minute * MINUTE)
}

impl Second {
    /// Pushes to all devices: the code, the end, and the messages.
    pub(crate) const fn pushes(&self) -> u64 {
        let notifications = self.starts + self.ends + self.hour * MESSAGES_PER_SESSION;
        notifications * DEVICES_PERCENT / 100
    }

    /// Four requests at their moment, and the others during the hour.
    pub(crate) const fn requests(&self) -> u64 {
        self.steps() + self.hour * (REQUESTS_PER_SESSION - 4)
    }

    /// Requests that change a session.
    pub(crate) const fn steps(&self) -> u64 {
        self.starts + self.verified + self.ends + self.confirmed
    }

    /// Events of all outboxes. Those of the messages are spread over the hour.
    pub(crate) const fn events(&self) -> u64 {
        self.notifications_and_messages() + self.confirmed * CONFIRMATION_EVENTS
    }

    /// Entries in the stream of live events, which every gateway reads.
    pub(crate) const fn live_entries(&self) -> u64 {
        self.notifications_and_messages() + self.confirmed * CONFIRMATION_ENTRIES
    }

    const fn notifications_and_messages(&self) -> u64 {
        (self.starts + self.ends) * NOTIFICATION_EVENTS
            + self.hour * MESSAGES_PER_SESSION * MESSAGE_EVENTS
    }
}

/// The largest rate of a day, per second, rounded up.
pub(crate) fn peak(students: u64, rate: impl Fn(&Second) -> u64) -> u64 {
    let rates = minutes().map(|at| rate(&second(students, at)));
    rates.max().unwrap_or_default().div_ceil(MILLI)
}

/// Connected users at the busiest time: two per session of the busiest slot.
pub(crate) fn connected(students: u64) -> u64 {
    let busiest = SLOT_PERCENT.into_iter().max().unwrap_or_default();
    students * busiest * 2 * ONLINE_PERCENT / 100 / 100
}

/// The longest time that a push waits for the delivery workers, in seconds, rounded up.
pub(crate) fn push_delay(students: u64, workers: u64) -> u64 {
    let capacity = (workers * DELIVERY_BATCH * MILLI * 1_000 / DELIVERY_ROUND_MS).max(1);
    let (mut waiting, mut worst) = (0, 0);
    for at in minutes() {
        let arrived = second(students, at).pushes() * MINUTE;
        waiting = (waiting + arrived).saturating_sub(capacity * MINUTE);
        worst = worst.max(waiting);
    }
    u64::div_ceil(worst, capacity)
}
