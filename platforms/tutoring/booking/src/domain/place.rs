use seaworthy::prelude::*;

/// The mean radius of the Earth. An error of half a percent does not matter for a city.
const EARTH_RADIUS_KM: f64 = 6_371.0;
const METRES_PER_KM: f64 = 1_000.0;
/// The length of a degree of latitude, rounded down.
const KM_PER_DEGREE: f64 = 111.0;

/// A place in degrees, WGS 84.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Coordinates")]
pub(crate) struct Place {
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
}

/// Unchecked numbers.
#[derive(Deserialize)]
struct Coordinates {
    latitude: f64,
    longitude: f64,
}

impl TryFrom<Coordinates> for Place {
    type Error = &'static str;

    fn try_from(given: Coordinates) -> Result<Self, &'static str> {
        Self::new(given.latitude, given.longitude)
            .ok_or("latitude must be from -90 to 90 and longitude from -180 to 180")
    }
}

impl Place {
    /// Returns `None` outside of the range of coordinates.
    pub(crate) fn new(latitude: f64, longitude: f64) -> Option<Self> {
        let is_valid = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        is_valid.then_some(Self {
            latitude,
            longitude,
        })
    }

    /// Returns the place of two optional columns.
    pub(crate) fn of(latitude: Option<f64>, longitude: Option<f64>) -> Option<Self> {
        latitude
            .zip(longitude)
            .and_then(|(latitude, longitude)| Self::new(latitude, longitude))
    }

    /// Returns the distance over the surface, by the haversine formula.
    pub(crate) fn distance_km(self, other: Self) -> f64 {
        let (from, to) = (self.latitude.to_radians(), other.latitude.to_radians());
        let half_lat = (to - from) / 2.0;
        let half_lon = (other.longitude - self.longitude).to_radians() / 2.0;
        let chord = half_lat.sin().powi(2) + from.cos() * to.cos() * half_lon.sin().powi(2);
        2.0 * EARTH_RADIUS_KM * chord.sqrt().min(1.0).asin()
    }

    /// Returns the distance in metres.
    pub(crate) fn distance_m(self, other: Self) -> f64 {
        self.distance_km(other) * METRES_PER_KM
    }

    /// Returns the latitudes within a distance, which contain all places within it.
    pub(crate) fn latitudes(self, km: f64) -> (f64, f64) {
        let degrees = km / KM_PER_DEGREE;
        (self.latitude - degrees, self.latitude + degrees)
    }

    /// Returns the longitudes within a distance, which contain all places within it. Around a pole
    /// and across the date line, these are all longitudes.
    pub(crate) fn longitudes(self, km: f64) -> (f64, f64) {
        let angle = (km / KM_PER_DEGREE).to_radians();
        let ratio = angle.sin() / self.latitude.to_radians().cos();
        let degrees = match ratio < 1.0 && angle < std::f64::consts::FRAC_PI_2 {
            true => ratio.asin().to_degrees(),
            false => 360.0,
        };
        let (low, high) = (self.longitude - degrees, self.longitude + degrees);
        match low >= -180.0 && high <= 180.0 {
            true => (low, high),
            false => (-180.0, 180.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place() -> impl Strategy<Value = Place> {
        (-90.0..=90.0_f64, -180.0..=180.0_f64).prop_map(|(latitude, longitude)| Place {
            latitude,
            longitude,
        })
    }

    proptest! {
        #[test]
        fn distance_is_a_metric_data_4(a in place(), b in place(), c in place()) {
            let half = EARTH_RADIUS_KM * std::f64::consts::PI;
            prop_assert!((0.0..=half + 1e-6).contains(&a.distance_km(b)));
            prop_assert!((a.distance_km(b) - b.distance_km(a)).abs() < 1e-6);
            prop_assert!(a.distance_km(c) <= a.distance_km(b) + b.distance_km(c) + 1e-6);
            let (low, high) = a.latitudes(a.distance_km(b));
            prop_assert!((low - 1e-9..=high + 1e-9).contains(&b.latitude));
            let (low, high) = a.longitudes(a.distance_km(b));
            prop_assert!((low - 1e-9..=high + 1e-9).contains(&b.longitude));
        }
    }

    #[test]
    fn known_distance_is_exact_to_half_a_percent_data_4() {
        let mysuru = Place::new(12.2958, 76.6394).unwrap();
        let bengaluru = Place::new(12.9716, 77.5946).unwrap();
        let km = mysuru.distance_km(bengaluru);
        assert!((127.0..130.0).contains(&km), "{km}");
        assert!(Place::new(91.0, 0.0).is_none() && Place::new(f64::NAN, 0.0).is_none());
    }
}
