use city_events_contract::event::v1::{
    BatchGetEventsRequest, BatchGetEventsResponse, CancelEventRequest, CancelEventResponse,
    CancelImportRequest, CancelImportResponse, ConfirmImportRequest, ConfirmImportResponse,
    CreateEventRequest, CreateEventResponse, CreateImportRequest, CreateImportResponse,
    EventService, GetEventRequest, GetEventResponse, GetImportRequest, GetImportResponse,
    GetOwnEventRequest, GetOwnEventResponse, ListEventsRequest, ListEventsResponse,
    ListImportsRequest, ListImportsResponse, ListOwnEventsRequest, ListOwnEventsResponse,
    PublishEventRequest, PublishEventResponse, SuggestCitiesRequest, SuggestCitiesResponse,
    UndoImportRequest, UndoImportResponse, UnpublishEventRequest, UnpublishEventResponse,
    UpdateEventRequest, UpdateEventResponse,
};
use seaworthy::{
    csv::{Imports, NewImport},
    prelude::*,
};

use super::{
    imports::{bad_row, event_import},
    views::{details, parse_id, patch},
};
use crate::{
    domain::{Actor, CityPrefix, Filter, OwnPage, PageSize},
    store::{EventRows, Store},
};

/// Implementation of the gRPC contract.
#[derive(Debug, Clone)]
pub(crate) struct Calls {
    store: Store,
    imports: Imports<EventRows>,
}

impl Calls {
    pub(super) fn new(store: Store, imports: Imports<EventRows>) -> Self {
        Self { store, imports }
    }
}

/// Returns `None` for an empty reason.
fn reason(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

impl EventService for Calls {
    async fn list_events(&self, request: ListEventsRequest) -> Result<ListEventsResponse, Error> {
        let filter = Filter::from_request(&request)?;
        let page = self.store.list(&filter).await?;
        Ok(ListEventsResponse {
            items: page.events.into_iter().map(Into::into).collect(),
            next_cursor: page.next.map(|next| next.to_string()).unwrap_or_default(),
            page_size: filter.size.get(),
        })
    }

    async fn get_event(&self, request: GetEventRequest) -> Result<GetEventResponse, Error> {
        let event = self.store.get(parse_id(&request.id)?).await?;
        Ok(GetEventResponse {
            event: Some(event.into()),
        })
    }

    async fn batch_get_events(
        &self,
        request: BatchGetEventsRequest,
    ) -> Result<BatchGetEventsResponse, Error> {
        let ids = request.ids.iter().map(|text| parse_id(text));
        let ids = ids.collect::<Result<Vec<_>, _>>()?;
        let events = self.store.get_batch(&ids).await?;
        let revisions = events.iter();
        let revisions = revisions.map(|(event, revision)| (event.id.to_string(), *revision));
        Ok(BatchGetEventsResponse {
            revisions: revisions.collect(),
            items: events.into_iter().map(|(event, _)| event.into()).collect(),
        })
    }

    async fn suggest_cities(
        &self,
        request: SuggestCitiesRequest,
    ) -> Result<SuggestCitiesResponse, Error> {
        let cities = match CityPrefix::from_suggestion(&request.query) {
            None => Vec::new(),
            Some(prefix) => self.store.suggest_cities(&prefix).await?,
        };
        Ok(SuggestCitiesResponse { cities })
    }

    async fn create_event(
        &self,
        request: CreateEventRequest,
    ) -> Result<CreateEventResponse, Error> {
        let actor = Actor::from_context()?;
        let event = self.store.create(&actor, details(request)?).await?;
        Ok(CreateEventResponse {
            event: Some(event.into()),
        })
    }

    async fn update_event(
        &self,
        request: UpdateEventRequest,
    ) -> Result<UpdateEventResponse, Error> {
        let actor = Actor::from_context()?;
        let event = parse_id(&request.id)?;
        let event = self.store.update(&actor, event, &patch(request)?).await?;
        Ok(UpdateEventResponse {
            event: Some(event.into()),
        })
    }

    async fn publish_event(
        &self,
        request: PublishEventRequest,
    ) -> Result<PublishEventResponse, Error> {
        let actor = Actor::from_context()?;
        let event = self.store.publish(&actor, parse_id(&request.id)?).await?;
        Ok(PublishEventResponse {
            event: Some(event.into()),
        })
    }

    async fn unpublish_event(
        &self,
        request: UnpublishEventRequest,
    ) -> Result<UnpublishEventResponse, Error> {
        let actor = Actor::from_context()?;
        let event = parse_id(&request.id)?;
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
        let actor = Actor::from_context()?;
        let event = parse_id(&request.id)?;
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
        let actor = Actor::from_context()?;
        let size = PageSize::from_request(request.page_size);
        let own = OwnPage::new(&request.status, request.page, size)?;
        let (events, total) = self.store.list_own(&actor, own).await?;
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
        let actor = Actor::from_context()?;
        let event = self.store.get_own(&actor, parse_id(&request.id)?).await?;
        Ok(GetOwnEventResponse {
            event: Some(event.into()),
        })
    }

    async fn create_import(
        &self,
        request: CreateImportRequest,
    ) -> Result<CreateImportResponse, Error> {
        let actor = Actor::from_context()?;
        actor.authorize_create()?;
        let new = NewImport::new(actor.id)
            .name(&request.name)
            .context(actor.role_name)
            .dry_run();
        let import = self.imports.create_from(new, request.content).await?;
        Ok(CreateImportResponse {
            import: Some(event_import(&import)),
        })
    }

    async fn get_import(&self, request: GetImportRequest) -> Result<GetImportResponse, Error> {
        let actor = Actor::from_context()?;
        let id = parse_id(&request.id)?;
        let import = self.imports.find(id, &actor.id).await?;
        let report = self.imports.report(id, &actor.id).await?;
        Ok(GetImportResponse {
            import: Some(event_import(&import)),
            bad_rows: report.into_iter().map(bad_row).collect(),
        })
    }

    async fn list_imports(&self, _: ListImportsRequest) -> Result<ListImportsResponse, Error> {
        let actor = Actor::from_context()?;
        let imports = self.imports.list(&actor.id).await?;
        Ok(ListImportsResponse {
            imports: imports.iter().map(event_import).collect(),
        })
    }

    async fn confirm_import(
        &self,
        request: ConfirmImportRequest,
    ) -> Result<ConfirmImportResponse, Error> {
        let actor = Actor::from_context()?;
        let id = parse_id(&request.id)?;
        actor.authorize_create()?;
        let import = self.store.confirm_import(&self.imports, &actor, id).await?;
        Ok(ConfirmImportResponse {
            import: Some(event_import(&import)),
        })
    }

    async fn cancel_import(
        &self,
        request: CancelImportRequest,
    ) -> Result<CancelImportResponse, Error> {
        let actor = Actor::from_context()?;
        let id = parse_id(&request.id)?;
        let import = self.imports.cancel(id, &actor.id).await?;
        Ok(CancelImportResponse {
            import: Some(event_import(&import)),
        })
    }

    async fn undo_import(&self, request: UndoImportRequest) -> Result<UndoImportResponse, Error> {
        let actor = Actor::from_context()?;
        let id = parse_id(&request.id)?;
        let import = self.imports.undo(id, &actor.id).await?;
        Ok(UndoImportResponse {
            import: Some(event_import(&import)),
        })
    }
}
