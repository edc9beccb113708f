//! A ranking that requests share for a short time.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use tokio::sync;

use crate::{cursor::CURSOR_DIGITS, rank::Ranking, store::Candidate};

/// Maximum age of a shared ranking. Joins and views count for a day or a week, so a second does not
/// change an order noticeably. At 1,000 requests per second it saves 999 of 1,000 rankings.
pub(crate) const MAX_AGE: TimeDelta = TimeDelta::seconds(1);

/// The last ranking of one list.
#[derive(Debug, Default)]
pub(crate) struct SharedRanking {
    /// Number of reasons to load again.
    invalidations: AtomicU64,
    /// Number of loads that have begun.
    loads: AtomicU64,
    /// Number of failed loads.
    failures: AtomicU64,
    last: Mutex<Option<Loaded>>,
    loading: sync::Mutex<()>,
}

#[derive(Debug)]
struct Loaded {
    ranking: Arc<Ranking>,
    /// Number of the load.
    number: u64,
    /// Number of invalidations when the load began.
    invalidations: u64,
}

impl SharedRanking {
    /// Returns the last ranking, or loads one if the last one is invalid. It is invalid one second
    /// after its time, at the start of one of its events, and after an invalidation. Concurrent
    /// callers share a load. `load` gets the time of the new ranking.
    pub(crate) async fn get_or_load<F, E>(
        &self,
        clock: impl Fn() -> DateTime<Utc>,
        load: impl FnOnce(DateTime<Utc>) -> F,
    ) -> Result<Arc<Ranking>, E>
    where
        F: Future<Output = Result<Vec<Candidate>, E>>,
    {
        let needed = self.invalidations.load(Ordering::Acquire);
        let failures = self.failures.load(Ordering::Acquire);
        let begun = self.loads.load(Ordering::Acquire);
        if let Some(ranking) = self.valid(needed, clock(), None) {
            return Ok(ranking);
        }
        let mut loading = Some(self.loading.lock().await);
        // A load that began after this call serves all callers that waited for it, however long it
        // took.
        if let Some(ranking) = self.valid(needed, clock(), Some(begun)) {
            return Ok(ranking);
        }
        // After a failed load, the callers that waited for it do not wait for each other.
        if self.failures.load(Ordering::Acquire) != failures {
            loading = None;
        }
        let invalidations = self.invalidations.load(Ordering::Acquire);
        let number = self.loads.fetch_add(1, Ordering::AcqRel) + 1;
        let now = clock().trunc_subsecs(CURSOR_DIGITS);
        let candidates = load(now).await.inspect_err(|_| {
            self.failures.fetch_add(1, Ordering::AcqRel);
        });
        let ranking = Arc::new(Ranking::new(candidates?, now));
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Loaded {
            ranking: Arc::clone(&ranking),
            number,
            invalidations,
        });
        drop(loading);
        Ok(ranking)
    }

    /// Returns the last ranking if it is valid. A ranking of a load after the `begun` ones may be
    /// older than [`MAX_AGE`].
    fn valid(&self, needed: u64, now: DateTime<Utc>, begun: Option<u64>) -> Option<Arc<Ranking>> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let loaded = last.as_ref()?;
        let ranking = &loaded.ranking;
        let age = now.signed_duration_since(ranking.ranked_at());
        // A negative age means that the clock was set back.
        let is_recent = age >= TimeDelta::zero() && age <= MAX_AGE;
        let is_awaited = begun.is_some_and(|begun| loaded.number > begun);
        let has_no_started = ranking.first_start().is_none_or(|start| start > now);
        (loaded.invalidations >= needed && (is_recent || is_awaited) && has_no_started)
            .then(|| Arc::clone(ranking))
    }

    /// Makes later callers load again. A load that began earlier does not serve them.
    pub(crate) fn invalidate(&self) {
        self.invalidations.fetch_add(1, Ordering::AcqRel);
    }

    /// Invalidates the last ranking if it is this one.
    pub(crate) fn invalidate_if_last(&self, ranking: &Arc<Ranking>) {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last
            .as_ref()
            .is_some_and(|last| Arc::ptr_eq(&last.ranking, ranking))
        {
            self.invalidate();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, convert::Infallible};

    use tokio::sync::oneshot;
    use uuid::Uuid;

    use super::*;

    fn event(id: u128, start_time: DateTime<Utc>) -> Candidate {
        Candidate {
            id: Uuid::from_u128(id),
            category: String::new(),
            start_time,
            points: 0,
        }
    }

    /// Counts the loads of a ranking with one event.
    struct Fixture {
        shared: SharedRanking,
        loads: Cell<u32>,
        start_time: DateTime<Utc>,
    }

    impl Fixture {
        fn new(start_time: DateTime<Utc>) -> Self {
            Self {
                shared: SharedRanking::default(),
                loads: Cell::new(0),
                start_time,
            }
        }

        async fn at(&self, now: DateTime<Utc>) -> Arc<Ranking> {
            let load = |_| async {
                self.loads.set(self.loads.get() + 1);
                tokio::task::yield_now().await;
                Ok::<_, Infallible>(vec![event(1, self.start_time)])
            };
            self.shared.get_or_load(|| now, load).await.unwrap()
        }
    }

    #[tokio::test]
    async fn ranking_is_at_most_one_second_old_res_8() {
        let now = Utc::now().trunc_subsecs(CURSOR_DIGITS);
        let fixture = Fixture::new(now + TimeDelta::hours(1));
        for milliseconds in [0, 1, 999, 1_000] {
            let at = now + TimeDelta::milliseconds(milliseconds);
            assert_eq!(fixture.at(at).await.ranked_at(), now);
        }
        assert_eq!(fixture.loads.get(), 1);
        let later = now + TimeDelta::milliseconds(1_001);
        assert_eq!(fixture.at(later).await.ranked_at(), later);
        // The clock was set back.
        let earlier = later - TimeDelta::milliseconds(1);
        assert_eq!(fixture.at(earlier).await.ranked_at(), earlier);
        assert_eq!(fixture.loads.get(), 3);
    }

    #[tokio::test]
    async fn ranking_ends_at_the_start_of_an_event() {
        let now = Utc::now().trunc_subsecs(CURSOR_DIGITS);
        let start = now + TimeDelta::milliseconds(10);
        let fixture = Fixture::new(start);
        fixture.at(now).await;
        fixture.at(start - TimeDelta::microseconds(1)).await;
        assert_eq!(fixture.loads.get(), 1);
        fixture.at(start).await;
        assert_eq!(fixture.loads.get(), 2);
    }

    #[tokio::test]
    async fn only_the_last_ranking_is_invalidated() {
        let now = Utc::now();
        let fixture = Fixture::new(now + TimeDelta::hours(1));
        let first = fixture.at(now).await;
        fixture.shared.invalidate_if_last(&first);
        fixture.at(now).await;
        assert_eq!(fixture.loads.get(), 2);
        fixture.shared.invalidate_if_last(&first);
        fixture.at(now).await;
        assert_eq!(fixture.loads.get(), 2);
    }

    #[tokio::test]
    async fn concurrent_callers_share_a_load_res_8() {
        let now = Utc::now();
        let fixture = Fixture::new(now + TimeDelta::hours(1));
        let (fixture, first) = (&fixture, fixture.at(now));
        let (one, two, three) = tokio::join!(first, fixture.at(now), fixture.at(now));
        assert!(Arc::ptr_eq(&one, &two) && Arc::ptr_eq(&two, &three));
        assert_eq!(fixture.loads.get(), 1);
    }

    #[tokio::test]
    async fn load_before_an_invalidation_does_not_serve_later_callers_msg_5() {
        let now = Utc::now();
        let shared = SharedRanking::default();
        let (began, has_begun) = oneshot::channel();
        let (release, released) = oneshot::channel();
        let start_time = now + TimeDelta::hours(1);
        let slow = shared.get_or_load(
            || now,
            |_| async move {
                began.send(()).unwrap();
                released.await.unwrap();
                Ok::<_, Infallible>(vec![event(1, start_time)])
            },
        );
        let later = async {
            has_begun.await.unwrap();
            shared.invalidate();
            let load = |_| async { Ok::<_, Infallible>(vec![event(2, start_time)]) };
            let load = shared.get_or_load(|| now, load);
            release.send(()).unwrap();
            load.await
        };
        let (slow, later) = tokio::join!(slow, later);
        assert!(!Arc::ptr_eq(&slow.unwrap(), &later.unwrap()));
    }

    #[tokio::test]
    async fn slow_load_serves_all_callers_that_waited_for_it_res_8() {
        let now = Utc::now().trunc_subsecs(CURSOR_DIGITS);
        let (shared, clock, loads) = (SharedRanking::default(), Cell::new(now), Cell::new(0));
        let call = || {
            let load = |_| async {
                loads.set(loads.get() + 1);
                tokio::task::yield_now().await;
                // The load takes longer than a ranking is valid.
                clock.set(clock.get() + MAX_AGE * 2);
                Ok::<_, Infallible>(vec![event(1, now + TimeDelta::hours(1))])
            };
            shared.get_or_load(|| clock.get(), load)
        };
        let (first, two, three, four) = tokio::join!(call(), call(), call(), call());
        let [_, two, three, four] = [first, two, three, four].map(Result::unwrap);
        assert!(Arc::ptr_eq(&two, &three) && Arc::ptr_eq(&three, &four));
        assert_eq!(loads.get(), 2);
    }

    #[tokio::test]
    async fn callers_of_a_failed_load_do_not_wait_for_each_other_res_8() {
        let now = Utc::now();
        let (shared, running, most) = (SharedRanking::default(), Cell::new(0), Cell::new(0));
        let call = || {
            let load = |_| async {
                running.set(running.get() + 1);
                most.set(most.get().max(running.get()));
                tokio::task::yield_now().await;
                tokio::task::yield_now().await;
                running.set(running.get() - 1);
                Err("unavailable")
            };
            shared.get_or_load(|| now, load)
        };
        let (one, two, three, four) = tokio::join!(call(), call(), call(), call());
        for failed in [one, two, three, four] {
            assert_eq!(failed.unwrap_err(), "unavailable");
        }
        assert!(most.get() > 1, "one load at a time");
    }

    #[tokio::test]
    async fn failed_load_is_not_shared() {
        let now = Utc::now();
        let fixture = Fixture::new(now + TimeDelta::hours(1));
        let failed = fixture
            .shared
            .get_or_load(|| now, |_| async { Err("unavailable") })
            .await;
        assert_eq!(failed.unwrap_err(), "unavailable");
        fixture.at(now).await;
        assert_eq!(fixture.loads.get(), 1);
    }
}
