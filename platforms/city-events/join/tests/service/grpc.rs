use city_events_contract::join::v1::{
    GetParticipationRequest, JoinRequest, JoinStatus, join_service_client::JoinServiceClient,
};
use seaworthy::contract::error::from_status;
use seaworthy_testkit::database::EmptyDatabase;
use tonic::{Request, transport::Channel};

use crate::{
    app::{TestApp, joined, start_with},
    user::{TestUser, user},
};

fn authorized<T>(user: &TestUser, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let bearer = format!("Bearer {}", user.token);
    request
        .metadata_mut()
        .insert("authorization", bearer.parse().unwrap());
    request
}

pub(crate) async fn http_and_grpc_share_idempotency_keys_and_errors(app: TestApp) {
    let event = app.create_event(1).await;
    let channel = Channel::from_shared(app.grpc.clone()).unwrap();
    let mut client = JoinServiceClient::new(channel.connect().await.unwrap());
    let one = user();
    let request = JoinRequest {
        event_id: event.id.to_string(),
        idempotency_key: "k".to_owned(),
    };
    let response = client
        .join(authorized(&one, request.clone()))
        .await
        .unwrap();
    assert_eq!(response.into_inner().status(), JoinStatus::Active);
    // The same key over HTTP is a repeat.
    assert_eq!(
        joined(&app.join_with_key(&event, &one, "k").await),
        "active"
    );

    let request = GetParticipationRequest {
        event_id: event.id.to_string(),
    };
    let response = client
        .get_participation(authorized(&one, request.clone()))
        .await;
    let participation = response.unwrap().into_inner().participation.unwrap();
    assert_eq!(participation.status(), JoinStatus::Active);
    assert_eq!(participation.user_id, one.id.to_string());

    let refused = client
        .get_participation(authorized(&user(), request.clone()))
        .await;
    assert_eq!(
        from_status(&refused.unwrap_err()).reason(),
        "JOIN_NOT_FOUND"
    );
    let anonymous = client.get_participation(Request::new(request)).await;
    let refused = from_status(&anonymous.unwrap_err());
    assert_eq!(refused.reason(), "UNAUTHORIZED");
    let without_key = client
        .join(authorized(
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
async fn rate_limit_counts_each_user_of_a_gateway_and_no_probes_res_6() {
    let limits = [
        "server.grpc.rate_limit.requests=2",
        "server.grpc.rate_limit.window=2s",
        "server.http.rate_limit.enabled=true",
        "server.http.rate_limit.requests=2",
        "server.http.rate_limit.window=2s",
    ];
    let app = start_with(EmptyDatabase::sqlite().unwrap(), &limits).await;
    // One connection, as from a gateway.
    let channel = Channel::from_shared(app.grpc.clone()).unwrap();
    let client = JoinServiceClient::new(channel.connect().await.unwrap());
    let (one, other) = (user(), user());
    let call = async |user: &TestUser| {
        let request = GetParticipationRequest {
            event_id: seaworthy::core::new_id().to_string(),
        };
        let mut client = client.clone();
        let response = client.get_participation(authorized(user, request)).await;
        from_status(&response.unwrap_err()).reason().to_owned()
    };
    let mut reasons = Vec::new();
    while reasons.last().is_none_or(|reason| reason != "RATE_LIMITED") {
        assert!(reasons.len() < 50, "{reasons:?}");
        reasons.push(call(&one).await);
    }
    assert!(reasons.len() > 2, "{reasons:?}");
    assert_eq!(call(&other).await, "JOIN_NOT_FOUND");
    for _ in 0..20 {
        let probe = app.client().get(format!("{}/healthz", app.base));
        assert_eq!(probe.send().await.unwrap().status().as_u16(), 200);
    }
}
