//! Claims, changes of unknown records, files on one disk, and channels that stay open.

use super::{Practice, check};

#[test]
fn claims_and_unknown_records_are_found_api_2() {
    check(&[
        (
            Practice::ErrorResponse,
            "a.py",
            "def user(token):\n    payload = decode_token(token)\n    return payload[\"id\"]\n",
            "def user(token):\n    payload = decode_token(token)\n    try:\n        return payload[\"id\"]\n    except KeyError:\n        return None\n",
        ),
        (
            Practice::ErrorResponse,
            "a.service.ts",
            "  async update(id, input) {\n    await this.orderRepository.update(id, input)\n  }\n",
            "  async update(id, input) {\n    const result = await this.orderRepository.update(id, input)\n    if (result.affected === 0) throw new NotFoundException()\n  }\n",
        ),
        (
            Practice::ErrorResponse,
            "a.py",
            "async def update_order(self, id, data):\n    await self.session.execute(update(Order).where(Order.id == id).values(data))\n",
            "async def update_order(self, id, data):\n    result = await self.session.execute(update(Order).where(Order.id == id).values(data))\n    return result.rowcount\n",
        ),
    ]);
}

#[test]
fn files_on_the_disk_of_a_container_are_found_data_6() {
    check(&[
        (
            Practice::HostPath,
            "a.py",
            "with open(f\"static/{name}\", \"wb\") as target:\n    target.write(data)\n",
            "s3.upload_fileobj(data, bucket, name)\n",
        ),
        (
            Practice::HostPath,
            "a.ts",
            "const upload = multer({ dest: 'uploads/' });\n",
            "const upload = multer({ storage: multerS3({ s3, bucket }) });\n",
        ),
        (
            Practice::HostPath,
            "A.java",
            "class A {\n    void save(MultipartFile file) {\n        Files.copy(file.getInputStream(), target);\n    }\n}\n",
            "class A {\n    void save(MultipartFile file) {\n        s3.putObject(bucket, name, file.getInputStream());\n    }\n}\n",
        ),
        (
            Practice::HostPath,
            "a.go",
            "func save(c *gin.Context) {\n\tc.SaveUploadedFile(file, target)\n}\n",
            "func save(c *gin.Context) {\n\tbucket.Upload(c, file)\n}\n",
        ),
    ]);
}

#[test]
fn channels_and_queues_of_brokers_are_found() {
    check(&[
        (
            Practice::Leak,
            "a.go",
            "func (p *P) Send(body []byte) error {\n\tch, err := p.GetChannel()\n\tif err != nil {\n\t\treturn err\n\t}\n\treturn ch.Publish(exchange, key, false, false, amqp.Publishing{Body: body})\n}\n",
            "func (p *P) Send(body []byte) error {\n\tch, err := p.GetChannel()\n\tif err != nil {\n\t\treturn err\n\t}\n\tdefer ch.Close()\n\treturn ch.Publish(exchange, key, false, false, amqp.Publishing{Body: body})\n}\n",
        ),
        (
            Practice::DroppedMessage,
            "a.go",
            "q, err := ch.QueueDeclare(\n\tname, // name\n\tfalse, // durable\n)\n",
            "q, err := ch.QueueDeclare(\n\tname, // name\n\ttrue, // durable\n)\n",
        ),
        (
            Practice::NumberRange,
            "a.py",
            "class ProductUpdate(BaseModel):\n    name: Optional[str] = None\n    price: Optional[float] = None\n",
            "class ProductUpdate(BaseModel):\n    name: Optional[str] = None\n    price: Optional[float] = Field(None, ge=0)\n",
        ),
        (
            Practice::TokenAlgorithm,
            "a.guard.ts",
            "const payload = await this.jwtService.verifyAsync(token, { secret });\n",
            "const payload = await this.jwtService.verifyAsync(token, { secret, algorithms: ['HS256'] });\n",
        ),
    ]);
}
