use seaworthy::data::prelude::*;
use tutoring_contract::Territory;
use tutoring_identity::insert_or_ignore;

/// The place of a pincode.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) pincode: String,
    pub(crate) city: String,
    pub(crate) territory: Territory,
}

impl FromRow for Place {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        Ok(Self {
            pincode: row.get("pincode")?,
            city: row.get("city")?,
            territory: Territory {
                state: row.get("state")?,
                district: row.get("district")?,
                zone: row.get("zone")?,
                locality: row.get("locality")?,
            },
        })
    }
}

impl Place {
    pub(crate) async fn of_pincode(
        connection: &dyn Connection,
        pincode: &str,
    ) -> Result<Option<Self>, DataError> {
        sql!("SELECT pincode, city, state, district, zone, locality FROM pincodes WHERE pincode = {pincode}")
            .fetch_optional(connection)
            .await
    }

    /// Inserts places. Known pincodes keep their place.
    pub(crate) async fn insert_all(
        connection: &dyn Connection,
        places: &[Self],
    ) -> Result<(), DataError> {
        let rows = places.iter().map(|place| {
            let Territory {
                state,
                district,
                zone,
                locality,
            } = place.territory.clone();
            [
                place.pincode.clone().into(),
                place.city.clone().into(),
                state.into(),
                district.into(),
                zone.into(),
                locality.into(),
            ]
        });
        insert_or_ignore!(
            "pincodes (pincode, city, state, district, zone, locality) VALUES (?, ?, ?, ?, ?, ?)**"
        )
        .bind_rows(rows)
        .apply(connection)
        .await
    }
}
