use city_events_contract::event::v1::{
    EventStatus, GetEventRequest, ListEventsRequest, PublishEventRequest,
    event_service_client::EventServiceClient,
};
use seaworthy::contract::error::from_status;
use tonic::{Request, transport::Channel};

use crate::house::{House, Person, draft, user};

fn with<T>(person: &Person, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let bearer = format!("Bearer {}", person.token);
    request
        .metadata_mut()
        .insert("authorization", bearer.parse().unwrap());
    request
}

pub(crate) async fn both_transports_answer_from_one_implementation(house: House) {
    let owner = user();
    let id = house.draft(&owner, &draft("Rust")).await;
    let channel = Channel::from_shared(house.grpc.clone()).unwrap();
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
    let stranger = client.publish_event(with(&user(), publish.clone())).await;
    assert_eq!(from_status(&stranger.unwrap_err()).reason(), "FORBIDDEN");
    client
        .publish_event(with(&owner, publish.clone()))
        .await
        .unwrap();
    let again = client.publish_event(with(&owner, publish)).await;
    assert_eq!(from_status(&again.unwrap_err()).reason(), "INVALID_STATE");
    let event = client.get_event(Request::new(get)).await.unwrap();
    let event = event.into_inner().event.unwrap();
    assert_eq!(event.status(), EventStatus::Published);
    assert!(event.joinable);
    let wrong = ListEventsRequest {
        sort: "x".to_owned(),
        ..ListEventsRequest::default()
    };
    let refused = client.list_events(Request::new(wrong)).await;
    assert_eq!(
        from_status(&refused.unwrap_err()).reason(),
        "VALIDATION_ERROR"
    );
    let all = client
        .list_events(Request::new(ListEventsRequest::default()))
        .await;
    assert_eq!(all.unwrap().into_inner().items, [event]);
}
