use std::{convert::Infallible, path::Path};

use city_events_contract::join::v1::{
    CancelJoinRequest, GetParticipationRequest, JoinRequest, JoinStatus,
    join_service_client::JoinServiceClient,
};
use futures::stream;
use seaworthy::{
    axum::{
        body::{Body, Bytes},
        http,
    },
    contract::error::from_status,
};
use seaworthy_deploy::{Overlay, render};
use seaworthy_facts::Facts;
use seaworthy_testkit::{database::EmptyDatabase, eventually, http::get};
use tonic::{Code, Request, client::GrpcService as _, transport::Channel};

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn joins_and_cancellations_are_critical_res_7() {
    let limit = [
        "server.grpc.load_shed.max_in_flight=1",
        "server.grpc.rate_limit.enabled=false",
    ];
    let app = start_with(EmptyDatabase::sqlite().unwrap(), &limit).await;
    let channel = Channel::from_shared(app.grpc.clone()).unwrap();
    let channel = channel.connect().await.unwrap();
    let one = user();
    // This call stays in flight, because it never sends its message.
    let body = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
    let held = http::Request::post("/city_events.join.v1.JoinService/GetSeats")
        .header("content-type", "application/grpc")
        .header("authorization", format!("Bearer {}", one.token))
        .body(tonic::body::Body::new(body))
        .unwrap();
    let mut holding = channel.clone();
    let held = tokio::spawn(async move {
        std::future::poll_fn(|context| holding.poll_ready(context))
            .await
            .unwrap();
        holding.call(held).await
    });
    eventually(async || {
        let metrics = get(app.admin, "/metrics").unwrap().body;
        metrics.contains("grpc_requests_in_flight 1")
    })
    .await;
    let mut client = JoinServiceClient::new(channel);
    let event_id = seaworthy::core::new_id().to_string();
    let read = GetParticipationRequest {
        event_id: event_id.clone(),
    };
    eventually(async || {
        let mut client = client.clone();
        let answer = client.get_participation(authorized(&one, read.clone()));
        answer.await.unwrap_err().code() == Code::Unavailable
    })
    .await;
    let join = JoinRequest {
        event_id: event_id.clone(),
        idempotency_key: "a".to_owned(),
    };
    let answer = client.join(authorized(&one, join)).await;
    assert_eq!(answer.unwrap_err().code(), Code::Unavailable);
    let cancel = CancelJoinRequest {
        event_id,
        idempotency_key: "b".to_owned(),
    };
    let answer = client.cancel_join(authorized(&one, cancel)).await;
    assert_eq!(answer.unwrap_err().code(), Code::Unavailable);
    let metrics = get(app.admin, "/metrics").unwrap().body;
    let line = "load_shed_total{name=\"grpc\",priority=\"critical\"} 2";
    assert!(metrics.contains(line), "{metrics}");
    held.abort();
}

/// The rules of the error budget select statuses by the names that the metrics have.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn error_budget_selects_recorded_statuses_obs_9() {
    let app = start_with(EmptyDatabase::sqlite().unwrap(), &[]).await;
    let channel = Channel::from_shared(app.grpc.clone()).unwrap();
    let mut client = JoinServiceClient::new(channel.connect().await.unwrap());
    let request = GetParticipationRequest {
        event_id: seaworthy::core::new_id().to_string(),
    };
    let refused = client.get_participation(authorized(&user(), request)).await;
    let code = refused.unwrap_err().code();
    assert_eq!(code, Code::NotFound);
    let recorded = format!("method=\"GetParticipation\",status=\"{code:?}\"}} 1");
    let metrics = get(app.admin, "/metrics").unwrap().body;
    assert!(metrics.contains(&recorded), "{recorded}: {metrics}");

    let facts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/facts/join.json");
    let facts = Facts::from_json(&std::fs::read_to_string(facts).unwrap()).unwrap();
    let files = render(&[facts], &Overlay::default()).unwrap();
    let rules = &files["prometheus/join-service.rules.yaml"];
    let selector = "grpc_requests_total{job=\"join-service\", status=~\"";
    let (_, statuses) = rules.split_once(selector).unwrap();
    let (statuses, _) = statuses.split_once('"').unwrap();
    let faults = [
        Code::Unknown,
        Code::DeadlineExceeded,
        Code::Internal,
        Code::Unavailable,
        Code::DataLoss,
    ];
    let faults = faults.map(|code| format!("{code:?}"));
    assert_eq!(statuses, faults.join("|"));
}
