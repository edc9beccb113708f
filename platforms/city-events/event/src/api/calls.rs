use city_events_contract::event::v1::{
    BatchGetEventsRequest, BatchGetEventsResponse, CancelEventRequest, CancelEventResponse,
    CreateEventRequest, CreateEventResponse, EventService, GetEventRequest, GetEventResponse,
    GetOwnEventRequest, GetOwnEventResponse, ListEventsRequest, ListEventsResponse,
    ListOwnEventsRequest, ListOwnEventsResponse, PublishEventRequest, PublishEventResponse,
    SuggestCitiesRequest, SuggestCitiesResponse, UnpublishEventRequest, UnpublishEventResponse,
    UpdateEventRequest, UpdateEventResponse,
};
use seaworthy::prelude::*;

use super::wire::{details, id, patch};
use crate::{
    domain::{Actor, CityPrefix, Filter, OwnPage, PageSize},
    store::Store,
};

/// The calls of the contract.
#[derive(Debug, Clone)]
pub(crate) struct Calls {
    store: Store,
}

impl Calls {
    pub(super) fn new(store: Store) -> Self {
        Self { store }
    }
}

/// An empty text is no reason.
fn reason(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

impl EventService for Calls {
    async fn list_events(&self, request: ListEventsRequest) -> Result<ListEventsResponse, Error> {
        let filter = Filter::of_call(&request)?;
        let page = self.store.list(&filter).await?;
        Ok(ListEventsResponse {
            items: page.events.into_iter().map(Into::into).collect(),
            next_cursor: page.next.map(|next| next.to_string()).unwrap_or_default(),
            page_size: filter.size.get(),
        })
    }

    async fn get_event(&self, request: GetEventRequest) -> Result<GetEventResponse, Error> {
        let event = self.store.get(id(&request.id)?).await?;
        Ok(GetEventResponse {
            event: Some(event.into()),
        })
    }

    async fn batch_get_events(
        &self,
        request: BatchGetEventsRequest,
    ) -> Result<BatchGetEventsResponse, Error> {
        let ids = request.ids.iter().map(|text| id(text));
        let ids = ids.collect::<Result<Vec<_>, _>>()?;
        let events = self.store.batch(&ids).await?;
        Ok(BatchGetEventsResponse {
            items: events.into_iter().map(Into::into).collect(),
        })
    }

    async fn suggest_cities(
        &self,
        request: SuggestCitiesRequest,
    ) -> Result<SuggestCitiesResponse, Error> {
        let cities = match CityPrefix::of_suggestion(&request.query) {
            None => Vec::new(),
            Some(prefix) => self.store.cities(&prefix).await?,
        };
        Ok(SuggestCitiesResponse { cities })
    }

    async fn create_event(
        &self,
        request: CreateEventRequest,
    ) -> Result<CreateEventResponse, Error> {
        let actor = Actor::of_request()?;
        let event = self.store.create(&actor, details(request)?).await?;
        Ok(CreateEventResponse {
            event: Some(event.into()),
        })
    }

    async fn update_event(
        &self,
        request: UpdateEventRequest,
    ) -> Result<UpdateEventResponse, Error> {
        let actor = Actor::of_request()?;
        let event = id(&request.id)?;
        let event = self.store.update(&actor, event, &patch(request)?).await?;
        Ok(UpdateEventResponse {
            event: Some(event.into()),
        })
    }

    async fn publish_event(
        &self,
        request: PublishEventRequest,
    ) -> Result<PublishEventResponse, Error> {
        let actor = Actor::of_request()?;
        let event = self.store.publish(&actor, id(&request.id)?).await?;
        Ok(PublishEventResponse {
            event: Some(event.into()),
        })
    }

    async fn unpublish_event(
        &self,
        request: UnpublishEventRequest,
    ) -> Result<UnpublishEventResponse, Error> {
        let actor = Actor::of_request()?;
        let event = id(&request.id)?;
        let reason = reason(&request.reason);
        let event = self.store.unpublish(&actor, event, reason).await?;
        Ok(UnpublishEventResponse {
            event: Some(event.into()),
        })
    }

    async fn cancel_event(
        &self,
        request: CancelEventRequest,
    ) -> Result<CancelEventResponse, Error> {
        let actor = Actor::of_request()?;
        let event = id(&request.id)?;
        let reason = reason(&request.reason);
        let event = self.store.cancel(&actor, event, reason).await?;
        Ok(CancelEventResponse {
            event: Some(event.into()),
        })
    }

    async fn list_own_events(
        &self,
        request: ListOwnEventsRequest,
    ) -> Result<ListOwnEventsResponse, Error> {
        let actor = Actor::of_request()?;
        let size = PageSize::of_call(request.page_size);
        let own = OwnPage::new(&request.status, request.page, size)?;
        let (events, total) = self.store.own(&actor, own).await?;
        Ok(ListOwnEventsResponse {
            items: events.into_iter().map(Into::into).collect(),
            total,
            page: own.window.page,
            page_size: size.get(),
        })
    }

    async fn get_own_event(
        &self,
        request: GetOwnEventRequest,
    ) -> Result<GetOwnEventResponse, Error> {
        let actor = Actor::of_request()?;
        let event = self.store.get_own(&actor, id(&request.id)?).await?;
        Ok(GetOwnEventResponse {
            event: Some(event.into()),
        })
    }
}
