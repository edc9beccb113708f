use std::collections::HashMap;

use city_events_contract::event::v1::{
    BatchGetEventsRequest, CancelEventRequest, CreateEventRequest, Event, GetEventRequest,
    GetOwnEventRequest, ListEventsRequest, ListEventsResponse, ListOwnEventsRequest,
    ListOwnEventsResponse, PublishEventRequest, SuggestCitiesRequest, UnpublishEventRequest,
    UpdateEventRequest,
};
use tonic::Status;

use super::{CALL, EVENT_PAGE, LIST, Upstreams, anonymous, of};
use crate::caller::Caller;

/// What the event service takes at once.
const BATCH: usize = 50;

/// An answer without the one thing that it is for.
fn present(event: Option<Event>) -> Result<Event, Status> {
    event.ok_or_else(|| Status::internal("the answer has no event"))
}

impl Upstreams {
    /// Published events.
    pub(crate) async fn list_events(
        &self,
        request: ListEventsRequest,
    ) -> Result<ListEventsResponse, Status> {
        let answer = self
            .event
            .clone()
            .list_events(anonymous(request, LIST))
            .await?;
        Ok(answer.into_inner())
    }

    /// A published event.
    pub(crate) async fn event(&self, id: &str) -> Result<Event, Status> {
        let request = GetEventRequest { id: id.to_owned() };
        let answer = self
            .event
            .clone()
            .get_event(anonymous(request, EVENT_PAGE))
            .await?;
        present(answer.into_inner().event)
    }

    /// An event in any state, for those who may see it so.
    pub(crate) async fn own_event(&self, caller: &Caller, id: &str) -> Result<Event, Status> {
        let request = GetOwnEventRequest { id: id.to_owned() };
        let request = of(caller, request, EVENT_PAGE);
        let answer = self.event.clone().get_own_event(request).await?;
        present(answer.into_inner().event)
    }

    /// Those of these events that are published.
    pub(crate) async fn events(&self, ids: &[String]) -> Result<HashMap<String, Event>, Status> {
        let mut found = HashMap::with_capacity(ids.len());
        for ids in ids.chunks(BATCH) {
            let request = BatchGetEventsRequest { ids: ids.to_vec() };
            let answer = self
                .event
                .clone()
                .batch_get_events(anonymous(request, LIST))
                .await?;
            let events = answer.into_inner().items.into_iter();
            found.extend(events.map(|event| (event.id.clone(), event)));
        }
        Ok(found)
    }

    /// Cities that begin so.
    pub(crate) async fn cities(&self, query: String) -> Result<Vec<String>, Status> {
        let request = anonymous(SuggestCitiesRequest { query }, LIST);
        let answer = self.event.clone().suggest_cities(request).await?;
        Ok(answer.into_inner().cities)
    }

    /// The caller's own events.
    pub(crate) async fn own_events(
        &self,
        caller: &Caller,
        request: ListOwnEventsRequest,
    ) -> Result<ListOwnEventsResponse, Status> {
        let request = of(caller, request, CALL);
        let answer = self.event.clone().list_own_events(request).await?;
        Ok(answer.into_inner())
    }

    /// Makes a draft.
    pub(crate) async fn create_event(
        &self,
        caller: &Caller,
        request: CreateEventRequest,
    ) -> Result<Event, Status> {
        let request = of(caller, request, CALL);
        let answer = self.event.clone().create_event(request).await?;
        present(answer.into_inner().event)
    }

    /// Changes an event.
    pub(crate) async fn update_event(
        &self,
        caller: &Caller,
        request: UpdateEventRequest,
    ) -> Result<Event, Status> {
        let request = of(caller, request, CALL);
        let answer = self.event.clone().update_event(request).await?;
        present(answer.into_inner().event)
    }

    /// Shows an event to everybody.
    pub(crate) async fn publish_event(&self, caller: &Caller, id: String) -> Result<Event, Status> {
        let request = of(caller, PublishEventRequest { id }, CALL);
        let answer = self.event.clone().publish_event(request).await?;
        present(answer.into_inner().event)
    }

    /// Takes an event back.
    pub(crate) async fn unpublish_event(
        &self,
        caller: &Caller,
        id: String,
        reason: String,
    ) -> Result<Event, Status> {
        let request = of(caller, UnpublishEventRequest { id, reason }, CALL);
        let answer = self.event.clone().unpublish_event(request).await?;
        present(answer.into_inner().event)
    }

    /// Ends an event.
    pub(crate) async fn cancel_event(
        &self,
        caller: &Caller,
        id: String,
        reason: String,
    ) -> Result<Event, Status> {
        let request = of(caller, CancelEventRequest { id, reason }, CALL);
        let answer = self.event.clone().cancel_event(request).await?;
        present(answer.into_inner().event)
    }
}
