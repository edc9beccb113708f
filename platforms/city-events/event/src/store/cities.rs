//! City suggestions.

use chrono::TimeDelta;
use city_events_contract::Timestamp;
use seaworthy::data::sql;

use super::Store;
use crate::domain::{CityPrefix, EventError, large_cities};

/// Age of events that count for suggestions, as the contract requires.
const MAX_EVENT_AGE: TimeDelta = TimeDelta::days(180);
/// Maximum number of suggestions, as the contract requires.
const MAX_CITIES: usize = 10;
/// Minimum number of cities of events. With fewer, built-in large cities fill the list.
const MIN_CITIES: usize = 3;

impl Store {
    /// Returns cities whose name starts with the prefix, those with the most events first.
    pub(crate) async fn suggest_cities(
        &self,
        prefix: &CityPrefix,
    ) -> Result<Vec<String>, EventError> {
        let since = Timestamp::now().get() - MAX_EVENT_AGE;
        let rows: Vec<(String,)> = sql("SELECT min(city) FROM events WHERE status = 'published' AND start_time >= ? AND city_norm LIKE ? ESCAPE '!' GROUP BY city_norm ORDER BY count(*) DESC, city_norm LIMIT ?")
            .bind(since)
            .bind(prefix.pattern())
            .bind(u32::try_from(MAX_CITIES).unwrap_or(u32::MAX))
            .fetch_all(&self.database)
            .await?;
        let mut cities: Vec<_> = rows.into_iter().map(|(city,)| city).collect();
        if cities.len() < MIN_CITIES {
            for city in large_cities(prefix) {
                let is_listed = cities
                    .iter()
                    .any(|listed| listed.eq_ignore_ascii_case(city));
                if !is_listed && cities.len() < MAX_CITIES {
                    cities.push(city.to_owned());
                }
            }
        }
        Ok(cities)
    }
}
