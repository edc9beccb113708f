use city_events_contract::join::v1::{
    GetParticipationRequest, JoinRequest, JoinStatus, join_service_client::JoinServiceClient,
};
use seaworthy::contract::error::from_status;
use seaworthy_testkit::database::EmptyDatabase;
use tonic::{Request, transport::Channel};

use crate::house::{House, Person, joined, open_with, user};

fn with<T>(person: &Person, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let bearer = format!("Bearer {}", person.token);
    request
        .metadata_mut()
        .insert("authorization", bearer.parse().unwrap());
    request
}

pub(crate) async fn both_transports_answer_from_one_implementation(house: House) {
    let event = house.event(1).await;
    let channel = Channel::from_shared(house.grpc.clone()).unwrap();
    let mut client = JoinServiceClient::new(channel.connect().await.unwrap());
    let one = user();
    let request = JoinRequest {
        event_id: event.id.to_string(),
        idempotency_key: "k".to_owned(),
    };
    let answer = client.join(with(&one, request.clone())).await.unwrap();
    assert_eq!(answer.into_inner().status(), JoinStatus::Active);
    // The same wish over the other transport is a repeat.
    assert_eq!(joined(&house.join_with(&event, &one, "k").await), "active");

    let request = GetParticipationRequest {
        event_id: event.id.to_string(),
    };
    let part = client.get_participation(with(&one, request.clone())).await;
    let part = part.unwrap().into_inner().participation.unwrap();
    assert_eq!(part.status(), JoinStatus::Active);
    assert_eq!(part.user_id, one.id.to_string());

    let refused = client
        .get_participation(with(&user(), request.clone()))
        .await;
    assert_eq!(
        from_status(&refused.unwrap_err()).reason(),
        "JOIN_NOT_FOUND"
    );
    let anonymous = client.get_participation(Request::new(request)).await;
    let refused = from_status(&anonymous.unwrap_err());
    assert_eq!(refused.reason(), "UNAUTHORIZED");
    let without_key = client
        .join(with(
            &one,
            JoinRequest {
                event_id: event.id.to_string(),
                idempotency_key: String::new(),
            },
        ))
        .await;
    let refused = from_status(&without_key.unwrap_err());
    assert_eq!(refused.reason(), "IDEMPOTENCY_KEY_REQUIRED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_one_gateway_each_user_has_a_budget_of_their_own_and_probes_have_none_res_6() {
    let small = [
        "server.grpc.rate_limit.burst=2",
        "server.grpc.rate_limit.requests_per_second=1",
        "server.http.rate_limit.enabled=true",
        "server.http.rate_limit.burst=2",
        "server.http.rate_limit.requests_per_second=1",
    ];
    let house = open_with(EmptyDatabase::sqlite().unwrap(), &small).await;
    // One connection, as a gateway has it.
    let channel = Channel::from_shared(house.grpc.clone()).unwrap();
    let client = JoinServiceClient::new(channel.connect().await.unwrap());
    let (one, other) = (user(), user());
    let ask = async |person: &Person| {
        let request = GetParticipationRequest {
            event_id: seaworthy::core::new_id().to_string(),
        };
        let mut client = client.clone();
        let asked = client.get_participation(with(person, request)).await;
        from_status(&asked.unwrap_err()).reason().to_owned()
    };
    let mut said = Vec::new();
    while said.last().is_none_or(|said| said != "RATE_LIMITED") {
        assert!(said.len() < 50, "{said:?}");
        said.push(ask(&one).await);
    }
    assert!(said.len() > 2, "{said:?}");
    assert_eq!(ask(&other).await, "JOIN_NOT_FOUND");
    for _ in 0..20 {
        let probe = house.client().get(format!("{}/healthz", house.base));
        assert_eq!(probe.send().await.unwrap().status().as_u16(), 200);
    }
}
