//! Wrong statuses, lost errors, invented results and data, and limits of the defaults.

use super::check;
use crate::model::facts::Practice;

#[test]
fn outages_that_become_general_failures_are_found_api_2() {
    check(&[
        (
            Practice::ErrorResponse,
            "Rates.java",
            "    Rate load(String id) {\n        try {\n            return restTemplate.getForObject(url, Rate.class);\n        } catch (RestClientException failure) {\n            throw new RuntimeException(failure);\n        }\n    }\n",
            "    int parse(String text) {\n        try {\n            return Integer.parseInt(text);\n        } catch (NumberFormatException failure) {\n            throw new RuntimeException(failure);\n        }\n    }\n",
        ),
        (
            Practice::ErrorResponse,
            "rates.py",
            "def load(id):\n    try:\n        return httpx.get(url)\n    except httpx.HTTPError as failure:\n        raise RuntimeError(\"no rate\") from failure\n",
            "def load(id):\n    try:\n        return httpx.get(url)\n    except httpx.HTTPError as failure:\n        raise Unavailable(503) from failure\n",
        ),
        (
            Practice::ErrorResponse,
            "respond.go",
            "func respond(w http.ResponseWriter, err error) {\n\tswitch status.Code(err) {\n\tcase codes.NotFound:\n\t\tw.WriteHeader(http.StatusNotFound)\n\tdefault:\n\t\tw.WriteHeader(http.StatusInternalServerError)\n\t}\n}\n",
            "func respond(w http.ResponseWriter, err error) {\n\tswitch status.Code(err) {\n\tcase codes.NotFound:\n\t\tw.WriteHeader(http.StatusNotFound)\n\tcase codes.Unavailable:\n\t\tw.WriteHeader(http.StatusServiceUnavailable)\n\t}\n}\n",
        ),
    ]);
}

#[test]
fn failures_with_wrong_causes_are_found_api_2() {
    check(&[
        (
            Practice::ErrorResponse,
            "store.go",
            "func (s *Store) Order(id string) (*Order, error) {\n\terr := s.load(id)\n\tif errors.Is(err, sql.ErrNoRows) {\n\t\treturn nil, errors.New(\"no order\")\n\t}\n\treturn s.order, err\n}\n",
            "func (s *Store) Order(id string) (*Order, error) {\n\terr := s.load(id)\n\tif errors.Is(err, sql.ErrNoRows) {\n\t\treturn nil, fmt.Errorf(\"no order: %w\", err)\n\t}\n\treturn s.order, err\n}\n",
        ),
        (
            Practice::ErrorResponse,
            "store.go",
            "func (s *Store) First() (*Order, error) {\n\trows, err := s.load()\n\tif err != nil || len(rows) == 0 {\n\t\treturn nil, fmt.Errorf(\"load: %w\", err)\n\t}\n\treturn rows[0], nil\n}\n",
            "func (s *Store) First() (*Order, error) {\n\trows, err := s.load()\n\tif err != nil {\n\t\treturn nil, fmt.Errorf(\"load: %w\", err)\n\t}\n\treturn rows[0], nil\n}\n",
        ),
        (
            Practice::ErrorResponse,
            "orders.ts",
            "async function show(req, res) {\n  try {\n    res.json(await load(req.id));\n  } catch (error) {\n    res.status(error.status || 400).json({});\n  }\n}\n",
            "async function show(req, res) {\n  try {\n    res.json(await load(req.id));\n  } catch (error) {\n    res.status(error.status || 500).json({});\n  }\n}\n",
        ),
        (
            Practice::ErrorResponse,
            "OrderService.java",
            "    Order load(Long id) {\n        return orders.findById(id).orElseThrow();\n    }\n",
            "    Order load(Long id) {\n        return orders.findById(id).orElseThrow(() -> new OrderNotFound(id));\n    }\n",
        ),
    ]);
}

#[test]
fn lost_rows_and_schedules_are_found_obs_8() {
    check(&[
        (
            Practice::IgnoredError,
            "store.go",
            "func list(rows *sql.Rows) ([]Order, error) {\n\tfor rows.Next() {\n\t\tif err := rows.Scan(&order.ID); err != nil {\n\t\t\tcontinue\n\t\t}\n\t\torders = append(orders, order)\n\t}\n\treturn orders, rows.Err()\n}\n",
            "func list(rows *sql.Rows) ([]Order, error) {\n\tfor rows.Next() {\n\t\tif err := rows.Scan(&order.ID); err != nil {\n\t\t\treturn nil, err\n\t\t}\n\t\torders = append(orders, order)\n\t}\n\treturn orders, rows.Err()\n}\n",
        ),
        (
            Practice::IgnoredError,
            "jobs.go",
            "func schedule(cron *cron.Cron) error {\n\tcron.AddFunc(\"@daily\", clean)\n\treturn nil\n}\n",
            "func schedule(cron *cron.Cron) error {\n\t_, err := cron.AddFunc(\"@daily\", clean)\n\treturn err\n}\n",
        ),
    ]);
}

#[test]
fn random_and_simulated_results_are_found_api_1() {
    check(&[
        (
            Practice::Stub,
            "payments.py",
            "def charge(order):\n    return random.random() < 0.9\n",
            "def wait(attempt):\n    jitter = random.random()\n    return attempt + jitter\n",
        ),
        (
            Practice::Stub,
            "payments.go",
            "func Charge(order Order) bool {\n\treturn rand.Float64() < 0.9\n}\n",
            "func jitter() bool {\n\treturn rand.Float64() < 0.9\n}\n",
        ),
        (
            Practice::Stub,
            "payments.ts",
            "export function charge(order) {\n  // Simulate the payment.\n  return accept(order);\n}\n",
            "export class MockCharges {\n  charge(order) {\n    // Simulate the payment.\n    return accept(order);\n  }\n}\n",
        ),
    ]);
}

#[test]
fn samples_and_debuggers_are_found_conf_3() {
    check(&[
        (
            Practice::SampleData,
            "Start.java",
            "@Component\nclass Start implements CommandLineRunner {\n    public void run(String... arguments) {\n        products.save(new Product(\"Chair\"));\n    }\n}\n",
            "@Component\n@Profile(\"development\")\nclass Start implements CommandLineRunner {\n    public void run(String... arguments) {\n        products.save(new Product(\"Chair\"));\n    }\n}\n",
        ),
        (
            Practice::SampleData,
            "Catalogue.java",
            "class Catalogue {\n    List<Product> mockProducts = List.of(new Product(\"Chair\"));\n}\n",
            "class Catalogue {\n    List<Product> products = List.of(new Product(\"Chair\"));\n}\n",
        ),
        (
            Practice::SampleData,
            "catalogue.go",
            "var mockProducts = []Product{{Name: \"Chair\"}}\n",
            "var products = []Product{{Name: \"Chair\"}}\n",
        ),
        (
            Practice::SampleData,
            "catalogue.ts",
            "const mockProducts: Product[] = [{ name: 'Chair' }];\n",
            "const products: Product[] = [{ name: 'Chair' }];\n",
        ),
        (
            Practice::SampleData,
            "catalogue.py",
            "mock_products = [{\"name\": \"Chair\"}]\n",
            "products = [{\"name\": \"Chair\"}]\n",
        ),
        (
            Practice::DebugMode,
            "main.py",
            "import debugpy\ndebugpy.listen(5678)\n",
            "import logging\nlogging.info(\"start\")\n",
        ),
    ]);
}

#[test]
fn defaults_without_limits_are_found_data_1() {
    check(&[
        (
            Practice::OutboundTimeout,
            "proxy.go",
            "func proxy(target *url.URL) http.Handler {\n\treturn httputil.NewSingleHostReverseProxy(target)\n}\n",
            "func proxy(target *url.URL) http.Handler {\n\tproxy := httputil.NewSingleHostReverseProxy(target)\n\tproxy.Transport = transport\n\treturn proxy\n}\n",
        ),
        (
            Practice::PoolBounds,
            "database.ts",
            "export const db = drizzle(process.env.DATABASE_URL);\n",
            "export const db = drizzle(new Pool({ connectionString, max: 10 }));\n",
        ),
        (
            Practice::PoolBounds,
            "svc.go",
            "func New(c config.Config) *Context {\n\tconn := sqlx.NewMysql(c.DataSource)\n\treturn &Context{conn}\n}\n",
            "func New(c config.Config) *Context {\n\tconn := sqlx.NewMysql(c.DataSource)\n\traw.SetMaxOpenConns(10)\n\treturn &Context{conn}\n}\n",
        ),
        (
            Practice::LostSetting,
            "mail.module.ts",
            "const host = config.get('SMTP_HOST');\n",
            "const host = config.getOrThrow('SMTP_HOST');\n",
        ),
    ]);
}
