//! Cities that have events.

use chrono::TimeDelta;
use city_events_contract::Moment;
use seaworthy::data::sql;

use super::Store;
use crate::domain::{CityPrefix, EventError, large_cities};

/// Half a year back: cities where something happened lately.
const LATELY: TimeDelta = TimeDelta::days(180);
/// The contract's.
const MOST: usize = 10;
/// With fewer, large cities fill the list.
const FEW: usize = 3;

impl Store {
    /// Cities that begin so, those with the most events first.
    pub(crate) async fn cities(&self, prefix: &CityPrefix) -> Result<Vec<String>, EventError> {
        let since = Moment::now().get() - LATELY;
        let known: Vec<(String,)> = sql("SELECT min(city) FROM events WHERE status = 'published' AND start_time >= ? AND city_norm LIKE ? ESCAPE '!' GROUP BY city_norm ORDER BY count(*) DESC, city_norm LIMIT ?")
            .bind(since)
            .bind(prefix.pattern())
            .bind(u32::try_from(MOST).unwrap_or(u32::MAX))
            .fetch_all(&self.database)
            .await?;
        let mut cities: Vec<_> = known.into_iter().map(|(city,)| city).collect();
        if cities.len() < FEW {
            for city in large_cities(prefix) {
                let is_known = cities.iter().any(|known| known.eq_ignore_ascii_case(city));
                if !is_known && cities.len() < MOST {
                    cities.push(city.to_owned());
                }
            }
        }
        Ok(cities)
    }
}
