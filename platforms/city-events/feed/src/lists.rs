//! Lists of events: their rankings, pages and details.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, SubsecRound as _, Utc};
use city_events_contract::Timestamp;
use seaworthy::{data::DataError, prelude::*};
use uuid::Uuid;

use crate::{
    cursor::{CURSOR_DIGITS, Cursor},
    rank::{FeedType, Page, Ranked, Ranking},
    ranking_cache::SharedRanking,
    store::{EventDetails, EventFilter, Store},
};

/// Maximum number of items on a page.
pub(crate) const MAX_LIMIT: usize = 50;

/// A page that a visitor requests.
#[derive(Debug)]
pub(crate) struct PageRequest {
    pub(crate) kind: FeedType,
    pub(crate) filter: EventFilter,
    pub(crate) after: Option<Cursor>,
    pub(crate) limit: usize,
    pub(crate) now: DateTime<Utc>,
    /// The visitor, whose interests count for personalized feeds.
    pub(crate) actor: Option<String>,
}

/// The response to a request of a page.
#[derive(Debug, Serialize)]
pub(crate) struct FeedPage {
    feed_type: &'static str,
    items: Vec<FeedItem>,
    has_more: bool,
    next_cursor: String,
}

#[derive(Debug, Serialize)]
struct FeedItem {
    id: Uuid,
    title: String,
    city: String,
    tags: [String; 1],
    start_time: Timestamp,
    trend_score: f64,
    cover_image_ids: Vec<String>,
}

/// The lists of the feed. Requests for a first page without a filter share rankings.
#[derive(Debug, Clone)]
pub(crate) struct Lists {
    store: Store,
    shared: Arc<SharedRankings>,
}

#[derive(Debug, Default)]
struct SharedRankings {
    /// The first events of the list by score.
    trending: SharedRanking,
    /// The events that start next.
    upcoming: SharedRanking,
}

/// A ranking, and where requests share it.
struct Selected<'a> {
    ranking: Arc<Ranking>,
    shared: Option<&'a SharedRanking>,
}

impl Lists {
    pub(crate) fn new(store: Store) -> Self {
        Self {
            store,
            shared: Arc::default(),
        }
    }

    /// Makes later pages contain a change of the index.
    pub(crate) fn invalidate(&self) {
        self.shared.trending.invalidate();
        self.shared.upcoming.invalidate();
    }

    /// Returns a page. It contains only events that are published when the page is read.
    pub(crate) async fn page(&self, request: &PageRequest) -> Result<FeedPage, DataError> {
        let selected = self.ranking(request).await?;
        let (page, mut details) = self.read(request, &selected.ranking).await?;
        let Some(shared) = selected.shared.filter(|_| is_outdated(&page, &details)) else {
            return Ok(response(request.kind, page, &mut details));
        };
        // Another replica has indexed a change.
        shared.invalidate_if_last(&selected.ranking);
        let selected = self.ranking(request).await?;
        let (page, mut details) = self.read(request, &selected.ranking).await?;
        Ok(response(request.kind, page, &mut details))
    }

    async fn ranking(&self, request: &PageRequest) -> Result<Selected<'_>, DataError> {
        let PageRequest {
            kind,
            filter,
            after,
            limit,
            now,
            ..
        } = request;
        let clock = || Timestamp::now().get();
        let is_trending = *kind == FeedType::Trending && filter.is_empty();
        if after.is_none() && filter.is_empty() {
            let (shared, ranking) = if is_trending {
                let shared = &self.shared.trending;
                let load = |now| self.store.trending(now, now, None, MAX_LIMIT);
                (shared, shared.get_or_load(clock, load).await?)
            } else {
                let shared = &self.shared.upcoming;
                let load = |now| self.store.upcoming(filter, now, now);
                (shared, shared.get_or_load(clock, load).await?)
            };
            return Ok(Selected {
                ranking,
                shared: Some(shared),
            });
        }
        let ranked_at = after.map_or(*now, |cursor| cursor.ranked_at);
        let ranked_at = ranked_at.trunc_subsecs(CURSOR_DIGITS);
        let candidates = if is_trending {
            self.store.trending(*now, ranked_at, *after, *limit).await?
        } else {
            self.store.upcoming(filter, *now, ranked_at).await?
        };
        Ok(Selected {
            ranking: Arc::new(Ranking::new(candidates, ranked_at)),
            shared: None,
        })
    }

    /// Reads a page of a ranking and its details. A personalized page needs a second statement only
    /// if the interests of the visitor change it.
    async fn read(
        &self,
        request: &PageRequest,
        ranking: &Ranking,
    ) -> Result<(Page, HashMap<Uuid, EventDetails>), DataError> {
        let limits = (request.after, request.limit);
        let page = ranking.page(request.kind, &HashMap::new(), limits);
        let ids = ids(&page);
        let (FeedType::Personalized, Some(actor)) = (request.kind, &request.actor) else {
            return Ok((page, self.store.details(&ids).await?));
        };
        let at = ranking.ranked_at();
        let (mut details, interests) = match self.store.details_and_interests(&ids, actor, at).await
        {
            Ok(found) => found,
            // The response falls back to the trending order.
            Err(error) => {
                tracing::warn!(%error, "the interests of a visitor cannot be read");
                (self.store.details(&ids).await?, HashMap::new())
            }
        };
        if interests.is_empty() {
            return Ok((page, details));
        }
        let page = ranking.page(request.kind, &interests, limits);
        let missing: Vec<_> = ids_of(&page).filter(|id| !ids.contains(id)).collect();
        details.extend(self.store.details(&missing).await?);
        Ok((page, details))
    }
}

fn ids_of((items, _): &Page) -> impl Iterator<Item = Uuid> {
    items.iter().map(|item| item.id)
}

fn ids(page: &Page) -> Vec<Uuid> {
    ids_of(page).collect()
}

/// Returns whether an event of a page was unpublished, or starts at another time.
fn is_outdated((items, _): &Page, details: &HashMap<Uuid, EventDetails>) -> bool {
    let is_current = |item: &Ranked| {
        let details = details.get(&item.id);
        details.is_some_and(|details| details.start_time == Some(item.start_time))
    };
    !items.iter().all(is_current)
}

fn response(
    kind: FeedType,
    (items, next): Page,
    details: &mut HashMap<Uuid, EventDetails>,
) -> FeedPage {
    let item = |ranked: Ranked| {
        let details = details.remove(&ranked.id)?;
        Some(FeedItem {
            id: ranked.id,
            title: details.title,
            city: details.city,
            tags: [details.category],
            start_time: ranked.start_time.into(),
            trend_score: ranked.score,
            cover_image_ids: details.covers,
        })
    };
    FeedPage {
        feed_type: kind.as_str(),
        items: items.into_iter().filter_map(item).collect(),
        has_more: next.is_some(),
        next_cursor: next.map(|next| next.to_string()).unwrap_or_default(),
    }
}
