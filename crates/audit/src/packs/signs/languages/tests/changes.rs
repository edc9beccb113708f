//! Changes of records and keys, and values of callers in inner calls.

use super::{Practice, check};

#[test]
fn changes_to_zero_that_are_left_out_are_found_api_2() {
    check(&[
        (
            Practice::ErrorResponse,
            "a.ts",
            "  async update(id, dto) {\n    if (dto.price) {\n      product.price = dto.price;\n    }\n  }\n",
            "  async update(id, dto) {\n    if (dto.price !== undefined) {\n      product.price = dto.price;\n    }\n  }\n",
        ),
        (
            Practice::ErrorResponse,
            "a.ts",
            "  async update(dto) {\n    await this.repo.save({ stock: dto.stock || product.stock });\n  }\n",
            "  async update(dto) {\n    await this.repo.save({ stock: dto.stock ?? product.stock });\n  }\n",
        ),
        (
            Practice::ErrorResponse,
            "a.py",
            "def update(data):\n    if data.price:\n        product.price = data.price\n",
            "def update(data):\n    if data.price is not None:\n        product.price = data.price\n",
        ),
        (
            Practice::ErrorResponse,
            "a.go",
            "func update(in *Request) {\n\tif in.Stock != 0 {\n\t\tproduct.Stock = in.Stock\n\t}\n}\n",
            "func update(in *Request) {\n\tif in.Stock != nil {\n\t\tproduct.Stock = *in.Stock\n\t}\n}\n",
        ),
    ]);
}

#[test]
fn get_or_create_without_an_index_is_found_data_3() {
    check(&[
        (
            Practice::LookupBeforeInsert,
            "a.py",
            "async def cart(self, user):\n    cart = await self.repo.get_cart(user)\n    if not cart:\n        cart = await self.repo.create_cart(user)\n    return cart\n",
            "async def cart(self, user):\n    cart = await self.repo.get_cart(user)\n    if not cart:\n        raise NotFound()\n    return cart\n",
        ),
        (
            Practice::LookupBeforeInsert,
            "a.ts",
            "  async cart(user) {\n    let cart = await this.carts.findOne({ where: { user } });\n    if (!cart) {\n      cart = await this.cartRepository.save({ user });\n    }\n    return cart;\n  }\n",
            "  async cart(user) {\n    await this.cartRepository.upsert({ user }, ['user']);\n    return this.carts.findOne({ where: { user } });\n  }\n",
        ),
        (
            Practice::LookupBeforeInsert,
            "a.go",
            "func (s *S) cart(id string) error {\n\tif errors.Is(err, gorm.ErrRecordNotFound) {\n\t\treturn s.db.Create(&Cart{User: id}).Error\n\t}\n\treturn err\n}\n",
            "func (s *S) cart(id string) error {\n\treturn s.db.Clauses(clause.OnConflict{DoNothing: true}).Create(&Cart{User: id}).Error\n}\n",
        ),
        (
            Practice::LookupBeforeInsert,
            "A.java",
            "    Cart cart(String user) {\n        return carts.findByUser(user).orElseGet(() -> cartRepository.save(new Cart(user)));\n    }\n",
            "    Cart cart(String user) {\n        return carts.findByUser(user).orElseGet(Cart::new);\n    }\n",
        ),
    ]);
}

#[test]
fn redis_keys_that_only_grow_are_found_data_4() {
    check(&[
        (
            Practice::Expiry,
            "a.go",
            "func add(ctx context.Context) {\n\trdb.RPush(ctx, key, value)\n}\n",
            "func add(ctx context.Context) {\n\trdb.RPush(ctx, key, value)\n\trdb.Expire(ctx, key, ttl)\n}\n",
        ),
        (
            Practice::Expiry,
            "a.ts",
            "async function add(key, value) {\n  await redis.sadd(key, value);\n}\n",
            "async function add(key, value) {\n  await redis.sadd(key, value);\n  await redis.expire(key, 60);\n}\n",
        ),
        (
            Practice::Expiry,
            "a.py",
            "def add(key, value):\n    redis.hset(key, 'a', value)\n",
            "def add(key, value):\n    redis.hset(key, 'a', value)\n    redis.expire(key, 60)\n",
        ),
        (
            Practice::Expiry,
            "A.java",
            "    void add(String key) {\n        template.opsForSet().add(key, value);\n    }\n",
            "    void add(String key) {\n        template.opsForSet().add(key, value);\n        template.expire(key, ttl);\n    }\n",
        ),
        (
            Practice::SharedState,
            "a.go",
            "func next() int {\n\ttext := rdb.Get(ctx, key).Val()\n\tn, _ := strconv.Atoi(text)\n\tn = n + 1\n\trdb.Set(ctx, key, n, ttl)\n\treturn n\n}\n",
            "func next() int64 {\n\treturn rdb.Incr(ctx, key).Val()\n}\n",
        ),
        (
            Practice::SharedState,
            "a.ts",
            "async function take(key, count) {\n  const left = await redis.get(key);\n  const rest = Number(left) - count;\n  stock = rest - 0;\n  await redis.set(key, rest);\n}\n",
            "async function take(key, count) {\n  await redis.decrby(key, count);\n}\n",
        ),
    ]);
}

#[test]
fn values_of_callers_in_inner_calls_are_found_api_3() {
    check(&[
        (
            Practice::UnsafeInput,
            "a.go",
            "func f(c *gin.Context) {\n\thttp.Get(\"http://stock/items?price=\" + query.Price)\n}\n",
            "func f(c *gin.Context) {\n\thttp.Get(\"http://stock/items?price=\" + url.QueryEscape(query.Price))\n}\n",
        ),
        (
            Practice::UnsafeInput,
            "a.ts",
            "const r = await axios.get(`${STOCK}/items?name=${req.query.name}`);\n",
            "const r = await axios.get(`${STOCK}/items`, { params: { name: req.query.name } });\n",
        ),
        (
            Practice::UnsafeInput,
            "a.py",
            "r = await client.get(f\"{STOCK}/items?name={name}\")\n",
            "r = await client.get(f\"{STOCK}/items\", params={\"name\": name})\n",
        ),
        (
            Practice::UnsafeInput,
            "A.java",
            "    Stock get(String name) {\n        return rest.getForObject(base + \"/items?name=\" + name, Stock.class);\n    }\n",
            "    Stock get(String name) {\n        return rest.getForObject(base + \"/items?name={name}\", Stock.class, name);\n    }\n",
        ),
        (
            Practice::SqlText,
            "a.go",
            "source := fmt.Sprintf(`{\"query\": {\"match\": {\"name\": \"%s\"}}}`, name)\n",
            "source := elastic.NewMatchQuery(\"name\", name)\n",
        ),
        (
            Practice::TextLength,
            "a.dto.ts",
            "class Order {\n  @ValidateNested({ each: true })\n  @Type(() => Item)\n  items: Item[];\n}\n",
            "class Order {\n  @ArrayMaxSize(50)\n  @ValidateNested({ each: true })\n  @Type(() => Item)\n  items: Item[];\n}\n",
        ),
        (
            Practice::TextLength,
            "OrderRequest.java",
            "class OrderRequest {\n    @NotEmpty\n    private List<OrderItem> items;\n}\n",
            "class OrderRequest {\n    @NotEmpty\n    @Size(max = 50)\n    private List<OrderItem> items;\n}\n",
        ),
        (
            Practice::TextLength,
            "a.go",
            "type Order struct {\n\tItems []Item `json:\"items\" binding:\"required,dive\"`\n}\n",
            "type Order struct {\n\tItems []Item `json:\"items\" binding:\"required,max=50,dive\"`\n}\n",
        ),
        (
            Practice::TokenLifetime,
            "A.java",
            "    Instant end() {\n        return LocalDateTime.now().plusHours(2).toInstant(ZoneOffset.of(\"-03:00\"));\n    }\n",
            "    Instant end() {\n        return Instant.now().plus(Duration.ofHours(2));\n    }\n",
        ),
        (
            Practice::TokenLifetime,
            "a.py",
            "claims = {'sub': user, 'exp': datetime.now() + timedelta(minutes=30)}\n",
            "claims = {'sub': user, 'exp': datetime.now(timezone.utc) + timedelta(minutes=30)}\n",
        ),
    ]);
}

#[test]
fn starts_that_delete_rows_are_found_data_2() {
    check(&[
        (
            Practice::DestructiveMigration,
            "a.py",
            "Base.metadata.drop_all(engine)\n",
            "Base.metadata.create_all(engine)\n",
        ),
        (
            Practice::DestructiveMigration,
            "DataInitializer.java",
            "class DataInitializer {\n    public void run() {\n        mongo.dropCollection(Item.class);\n    }\n}\n",
            "@Profile(\"demo\")\nclass DataInitializer {\n    public void run() {\n        mongo.dropCollection(Item.class);\n    }\n}\n",
        ),
        (
            Practice::DestructiveMigration,
            "migrations/0005.sql",
            "ALTER TABLE \"a\" DROP COLUMN \"at\";--> statement-breakpoint\nALTER TABLE \"a\" ADD COLUMN \"at\" timestamp;\n",
            "ALTER TABLE \"a\" ALTER COLUMN \"at\" TYPE timestamp;\n",
        ),
    ]);
}
