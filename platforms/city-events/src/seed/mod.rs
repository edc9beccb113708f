//! Sample users, events and joins. They are created through the public interface. Existing ones are
//! kept.

mod client;
mod events;
mod pictures;

use std::net::SocketAddr;

use chrono::{DateTime, Duration, Timelike as _, Utc};

use client::{SeedClient, User};
use events::{EVENTS, SampleEvent};
use seaworthy::core::error_chain;

/// Errors of the creation of sample data.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// A request failed.
    #[error("the gateway does not respond")]
    Client(#[from] seaworthy::client::ClientError),
    /// The client cannot be created.
    #[error("the HTTP client cannot be created")]
    Build(#[from] seaworthy::client::BuildError),
    /// A picture cannot be encoded.
    #[error("a picture cannot be encoded")]
    Picture(#[source] image::ImageError),
    /// The marker file cannot be written.
    #[error("the marker file of the sample data cannot be written")]
    Marker(#[from] seaworthy::service::private_files::PrivateFileError),
    /// A request returned an unexpected status.
    #[error("the request to {action} failed with {status} {code}")]
    UnexpectedStatus {
        /// The requested action.
        action: &'static str,
        /// The HTTP status.
        status: u16,
        /// The error code of the response.
        code: String,
    },
}

/// The sample users, who host and join events.
const USERS: [&str; 7] = city_events_auth::SEED_USERS;

/// Creates the sample data through the gateway at this address. Existing data is kept.
///
/// # Errors
/// [`SeedError`] of the first request that fails.
pub async fn seed(gateway: SocketAddr) -> Result<(), SeedError> {
    let client = SeedClient::new(gateway)?;
    let mut users = Vec::with_capacity(USERS.len());
    for name in USERS {
        users.push(client.log_in(&format!("{name}@example.com")).await?);
    }
    let existing = ExistingTitles::read(&client, &users).await?;
    let mut to_join = Vec::new();
    for (index, sample) in EVENTS.iter().enumerate() {
        let host = index % users.len();
        let Some(host_user) = users.get(host) else {
            continue;
        };
        if existing.contains(sample) {
            continue;
        }
        let cover = upload_cover(&client, host_user, sample).await;
        let created = client.create(host_user, sample, start_of(sample), &cover);
        let id = created.await?;
        if sample.is_published {
            client.publish(host_user, &id).await?;
            to_join.push((id, host, sample.participants));
        }
    }
    for (id, host, participants) in &to_join {
        let guests = users.iter().enumerate().filter(|(index, _)| index != host);
        for (_, guest) in guests.take(*participants) {
            client.join(guest, id).await?;
        }
    }
    tracing::info!(
        users = users.len(),
        events = EVENTS.len(),
        "the sample data is complete"
    );
    Ok(())
}

/// Uploads the cover of an event. Without the media service, events have drawings.
async fn upload_cover(client: &SeedClient, host: &User, sample: &SampleEvent) -> Vec<String> {
    let uploaded = async { client.upload(host, pictures::cover(sample)?).await };
    match uploaded.await {
        Ok(id) => vec![id],
        Err(error) => {
            let error = error_chain(&error);
            tracing::warn!(error, title = sample.title, "a sample event has no cover");
            Vec::new()
        }
    }
}

/// Titles of the users' events.
struct ExistingTitles(Vec<String>);

impl ExistingTitles {
    async fn read(client: &SeedClient, users: &[User]) -> Result<Self, SeedError> {
        let mut titles = Vec::new();
        for user in users {
            titles.extend(client.own_titles(user).await?);
        }
        Ok(Self(titles))
    }

    fn contains(&self, sample: &SampleEvent) -> bool {
        self.0.iter().any(|title| title == sample.title)
    }
}

/// Returns the start time: the full hour of the event, some days from now.
fn start_of(sample: &SampleEvent) -> DateTime<Utc> {
    let day = Utc::now() + Duration::days(sample.in_days);
    let hour = day.with_hour(sample.hour).unwrap_or(day);
    let minute = hour.with_minute(0).unwrap_or(hour);
    minute
        .with_second(0)
        .and_then(|time| time.with_nanosecond(0))
        .unwrap_or(minute)
}
