//! Sockets, and small mistakes of several languages.

use super::{Practice, check};

#[test]
fn sockets_without_identity_or_adapter_are_found() {
    check(&[
        (
            Practice::CallerIdentity,
            "a.gateway.ts",
            "  handleConnection(client) {\n    const id = client.handshake.query.userId;\n    client.join(id);\n  }\n",
            "  handleConnection(client) {\n    const id = this.tokens.verify(client.handshake.auth.token);\n    if (!id) client.disconnect();\n  }\n",
        ),
        (
            Practice::CallerIdentity,
            "a.gateway.ts",
            "  async handleConnection(client) {\n    try {\n      client.data.user = await this.jwt.verifyAsync(token);\n    } catch (e) {\n      this.logger.error(e);\n    }\n  }\n",
            "  async handleConnection(client) {\n    try {\n      client.data.user = await this.jwt.verifyAsync(token);\n    } catch (e) {\n      client.disconnect();\n    }\n  }\n",
        ),
        (
            Practice::MemoryState,
            "a.gateway.ts",
            "@WebSocketGateway({ namespace: 'chat' })\nexport class Chat {}\n",
            "export class Chat {}\n",
        ),
        (
            Practice::LooseOrigin,
            "a.gateway.ts",
            "@WebSocketGateway({ cors: { origin: '*' } })\nexport class Chat {}\n",
            "@WebSocketGateway({ cors: { origin: ORIGINS } })\nexport class Chat {}\n",
        ),
        (
            Practice::Blocking,
            "a.ts",
            "app.post('/orders', async (req) => {\n  await setTimeout(2000);\n  return save(req);\n});\n",
            "app.post('/orders', async (req) => {\n  return save(req);\n});\n",
        ),
    ]);
}

#[test]
fn small_mistakes_are_found() {
    check(&[
        (
            Practice::UnsafeInput,
            "a.go",
            "func f() error {\n\treturn fmt.Errorf(res.Message)\n}\n",
            "func f() error {\n\treturn fmt.Errorf(\"stock: %s\", res.Message)\n}\n",
        ),
        (
            Practice::IgnoredError,
            "a.go",
            "func f() int64 {\n\tn, _ := res.RowsAffected()\n\treturn n\n}\n",
            "func f() (int64, error) {\n\treturn res.RowsAffected()\n}\n",
        ),
        (
            Practice::UncheckedSecret,
            "a.ts",
            "const secret = config.get('JWT_REFRESH_SECRET') ?? config.get('JWT_SECRET');\n",
            "const secret = config.getOrThrow('JWT_REFRESH_SECRET');\n",
        ),
        (
            Practice::EnvironmentDefault,
            "application-production.properties",
            "paypal.mode=${PAYPAL_MODE:sandbox}\n",
            "paypal.mode=${PAYPAL_MODE:live}\n",
        ),
        (
            Practice::SampleData,
            "src/seed.ts",
            "await reset(db, schema);\n",
            "if (process.env.NODE_ENV !== 'production') await reset(db, schema);\n",
        ),
        (
            Practice::TestDependency,
            "requirements.txt",
            "debugpy==1.8.0\n",
            "fastapi==0.115.0\n",
        ),
        (
            Practice::TestDependency,
            "package.json",
            "{\n  \"dependencies\": {\n    \"@faker-js/faker\": \"9.0.0\"\n  }\n}\n",
            "{\n  \"devDependencies\": {\n    \"@faker-js/faker\": \"9.0.0\"\n  }\n}\n",
        ),
    ]);
}
