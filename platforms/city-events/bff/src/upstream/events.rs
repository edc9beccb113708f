use std::collections::HashMap;

use city_events_contract::event::v1::{
    BatchGetEventsRequest, BatchGetEventsResponse, CancelEventRequest, CreateEventRequest, Event,
    GetEventRequest, GetOwnEventRequest, ListEventsRequest, ListEventsResponse,
    ListOwnEventsRequest, ListOwnEventsResponse, PublishEventRequest, SuggestCitiesRequest,
    UnpublishEventRequest, UpdateEventRequest,
};
use tonic::Status;

use super::{EVENT_TIMEOUT, LIST_TIMEOUT, TIMEOUT, Upstreams, anonymous, authenticated};
use crate::caller::Caller;

/// The maximum number of IDs in one call.
pub(crate) const MAX_BATCH_SIZE: usize = 50;

/// Returns the event of a response, or an error if the response has none.
fn require_event(event: Option<Event>) -> Result<Event, Status> {
    event.ok_or_else(|| Status::internal("the response has no event"))
}

impl Upstreams {
    /// Returns published events.
    pub(crate) async fn list_events(
        &self,
        request: ListEventsRequest,
    ) -> Result<ListEventsResponse, Status> {
        let response = self
            .event
            .clone()
            .list_events(anonymous(request, LIST_TIMEOUT))
            .await?;
        Ok(response.into_inner())
    }

    /// Returns a published event.
    pub(crate) async fn event(&self, id: &str) -> Result<Event, Status> {
        let request = GetEventRequest { id: id.to_owned() };
        let response = self
            .event
            .clone()
            .get_event(anonymous(request, EVENT_TIMEOUT))
            .await?;
        require_event(response.into_inner().event)
    }

    /// Returns an event in any state, if the caller may read it.
    pub(crate) async fn own_event(&self, caller: &Caller, id: &str) -> Result<Event, Status> {
        let request = GetOwnEventRequest { id: id.to_owned() };
        let request = authenticated(caller, request, EVENT_TIMEOUT);
        let response = self.event.clone().get_own_event(request).await?;
        require_event(response.into_inner().event)
    }

    /// Returns the published events among these IDs.
    pub(crate) async fn events(&self, ids: &[String]) -> Result<HashMap<String, Event>, Status> {
        let found = self.counted_events(ids).await?.into_iter();
        Ok(found.map(|(id, (event, _))| (id, event)).collect())
    }

    /// Returns the published events among these IDs, each with the revision of its participants and
    /// waitlist.
    pub(crate) async fn counted_events(
        &self,
        ids: &[String],
    ) -> Result<HashMap<String, (Event, i64)>, Status> {
        let mut found = HashMap::with_capacity(ids.len());
        for ids in ids.chunks(MAX_BATCH_SIZE) {
            let request = BatchGetEventsRequest { ids: ids.to_vec() };
            let response = self
                .event
                .clone()
                .batch_get_events(anonymous(request, LIST_TIMEOUT))
                .await?;
            let BatchGetEventsResponse { items, revisions } = response.into_inner();
            found.extend(items.into_iter().map(|event| {
                let revision = revisions.get(&event.id).copied().unwrap_or_default();
                (event.id.clone(), (event, revision))
            }));
        }
        Ok(found)
    }

    /// Returns cities that begin with a text.
    pub(crate) async fn cities(&self, query: String) -> Result<Vec<String>, Status> {
        let request = anonymous(SuggestCitiesRequest { query }, LIST_TIMEOUT);
        let response = self.event.clone().suggest_cities(request).await?;
        Ok(response.into_inner().cities)
    }

    /// Returns the caller's own events.
    pub(crate) async fn own_events(
        &self,
        caller: &Caller,
        request: ListOwnEventsRequest,
    ) -> Result<ListOwnEventsResponse, Status> {
        let request = authenticated(caller, request, TIMEOUT);
        let response = self.event.clone().list_own_events(request).await?;
        Ok(response.into_inner())
    }

    /// Creates a draft.
    pub(crate) async fn create_event(
        &self,
        caller: &Caller,
        request: CreateEventRequest,
    ) -> Result<Event, Status> {
        let request = authenticated(caller, request, TIMEOUT);
        let response = self.event.clone().create_event(request).await?;
        require_event(response.into_inner().event)
    }

    pub(crate) async fn update_event(
        &self,
        caller: &Caller,
        request: UpdateEventRequest,
    ) -> Result<Event, Status> {
        let request = authenticated(caller, request, TIMEOUT);
        let response = self.event.clone().update_event(request).await?;
        require_event(response.into_inner().event)
    }

    pub(crate) async fn publish_event(&self, caller: &Caller, id: String) -> Result<Event, Status> {
        let request = authenticated(caller, PublishEventRequest { id }, TIMEOUT);
        let response = self.event.clone().publish_event(request).await?;
        require_event(response.into_inner().event)
    }

    /// Makes a published event a draft again.
    pub(crate) async fn unpublish_event(
        &self,
        caller: &Caller,
        id: String,
        reason: String,
    ) -> Result<Event, Status> {
        let request = authenticated(caller, UnpublishEventRequest { id, reason }, TIMEOUT);
        let response = self.event.clone().unpublish_event(request).await?;
        require_event(response.into_inner().event)
    }

    pub(crate) async fn cancel_event(
        &self,
        caller: &Caller,
        id: String,
        reason: String,
    ) -> Result<Event, Status> {
        let request = authenticated(caller, CancelEventRequest { id, reason }, TIMEOUT);
        let response = self.event.clone().cancel_event(request).await?;
        require_event(response.into_inner().event)
    }
}
