//! Connections of Socket.IO through the gateway.

mod chats;
mod client;
mod connections;
mod events;
mod journeys;

use seaworthy::{
    config::{Environment, Loader},
    service::RunningService,
};
use tutoring_contract::events::TrainerAllocated;
use uuid::Uuid;

pub(crate) use chats::chats_reach_participants_only_auth_5;
pub(crate) use client::Client;
pub(crate) use connections::connection_needs_a_valid_token_auth_1;
pub(crate) use events::business_events_reach_their_users_only_auth_5;
pub(crate) use journeys::{journey_and_code_reach_the_student_only_auth_5, session_of_today};

use crate::{
    app::{SECRET, TestPlatform},
    authorization::USER,
};

/// Starts a second gateway with the Redis and the broker of a platform.
async fn second_gateway(app: &TestPlatform) -> Option<RunningService> {
    let redis = app.servers.redis()?;
    let own = [
        format!("access_tokens.secret={SECRET}"),
        format!("redis.url={}", redis.url()),
        format!("clients.chat.base_url=http://{}", app.address("chat")),
        format!("clients.booking.base_url=http://{}", app.address("booking")),
        "server.http.addr=127.0.0.1:0".to_owned(),
        "admin.addr=127.0.0.1:0".to_owned(),
        "log.level=error".to_owned(),
    ];
    let settings = app.broker().into_iter().chain(own);
    let loader = Loader::new("tutoring-gateway").environment(Environment::default());
    let started = tutoring_gateway::service()
        .start(loader.overrides(settings), tutoring_gateway::assemble)
        .await;
    Some(started.unwrap_or_else(|error| panic!("{:?}", error.chain())))
}

fn allocated(student_id: Uuid, course: u128) -> TrainerAllocated {
    TrainerAllocated {
        allocation_id: Uuid::from_u128(1),
        trainer_id: USER,
        student_id,
        course_id: Uuid::from_u128(course),
        session_count: 10,
        start_date: "2026-12-01".parse().unwrap(),
        end_date: None,
        territory: None,
    }
}
