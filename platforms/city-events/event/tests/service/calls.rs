use city_events_contract::event::v1::{
    EventStatus, GetEventRequest, ListEventsRequest, PublishEventRequest,
    event_service_client::EventServiceClient,
};
use seaworthy::contract::error::from_status;
use tonic::{Request, transport::Channel};

use crate::app::{TestApp, TestUser, draft, user};

pub(crate) fn authenticated<T>(user: &TestUser, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let bearer = format!("Bearer {}", user.token);
    request
        .metadata_mut()
        .insert("authorization", bearer.parse().unwrap());
    request
}

pub(crate) async fn http_and_grpc_share_one_implementation(app: TestApp) {
    let owner = user();
    let id = app.create_draft(&owner, &draft("Rust")).await;
    let channel = Channel::from_shared(app.grpc.clone()).unwrap();
    let mut client = EventServiceClient::new(channel.connect().await.unwrap());
    let get = GetEventRequest { id: id.clone() };
    let hidden = client.get_event(Request::new(get.clone())).await;
    assert_eq!(from_status(&hidden.unwrap_err()).reason(), "NOT_FOUND");
    let publish = PublishEventRequest { id: id.clone() };
    let anonymous = client.publish_event(Request::new(publish.clone())).await;
    assert_eq!(
        from_status(&anonymous.unwrap_err()).reason(),
        "UNAUTHORIZED"
    );
    let forbidden = client
        .publish_event(authenticated(&user(), publish.clone()))
        .await;
    assert_eq!(from_status(&forbidden.unwrap_err()).reason(), "FORBIDDEN");
    client
        .publish_event(authenticated(&owner, publish.clone()))
        .await
        .unwrap();
    let repeated = client.publish_event(authenticated(&owner, publish)).await;
    assert_eq!(
        from_status(&repeated.unwrap_err()).reason(),
        "INVALID_STATE"
    );
    let event = client.get_event(Request::new(get)).await.unwrap();
    let event = event.into_inner().event.unwrap();
    assert_eq!(event.status(), EventStatus::Published);
    assert!(event.joinable);
    let invalid = ListEventsRequest {
        sort: "x".to_owned(),
        ..ListEventsRequest::default()
    };
    let rejected = client.list_events(Request::new(invalid)).await;
    assert_eq!(
        from_status(&rejected.unwrap_err()).reason(),
        "VALIDATION_ERROR"
    );
    let all = client
        .list_events(Request::new(ListEventsRequest::default()))
        .await;
    assert_eq!(all.unwrap().into_inner().items, [event]);
}
