// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/gui/CanvasFixture.h"

#include "core/graph/Types.h"
#include "ui/theme/Theme.h"

namespace ochre::ui::test {
namespace {

using graph::NodeDeclaration;
using graph::ParameterKind;
using graph::RunContext;

void nothing(RunContext&) {}

void registerTestTypes() {
    static const bool once = [] {
        auto& types = graph::TypeRegistry::shared();
        for (const char* name : {"image", "mask", "scene"})
            if (!types.find(name)) types.add({.name = name, .label = name});
        if (!types.accepts("mask", "image"))
            types.addConversion("image", "mask", [](const graph::Value& v) { return v; });
        return true;
    }();
    (void)once;
}

} // namespace

void addTestNodes(graph::NodeRegistry& registry) {
    registerTestTypes();
    registry.add(NodeDeclaration("test.load", 1, "Load picture", "Image/File")
                     .describe("Reads a picture from a file.")
                     .keywords("open read")
                     .output({.id = "image", .label = "Image", .type = "image"})
                     .output({.id = "alpha", .label = "Alpha", .type = "mask"})
                     .parameter({.id = "path",
                                 .label = "File",
                                 .help = "The picture.",
                                 .kind = ParameterKind::File,
                                 .defaultValue = std::string("photos/harbour.png")})
                     .onRun(nothing));
    registry.add(NodeDeclaration("test.blur", 1, "Blur", "Image/Filter")
                     .describe("Softens a picture with a Gaussian kernel.")
                     .keywords("gaussian smooth soften")
                     .input({.id = "image", .label = "Image", .type = "image"})
                     .input({.id = "mask", .label = "Mask", .type = "mask", .optional = true})
                     .output({.id = "image", .label = "Image", .type = "image"})
                     .parameter({.id = "radius",
                                 .label = "Radius",
                                 .help = "Standard deviation.",
                                 .defaultValue = 4.0,
                                 .min = 0,
                                 .softMax = 100,
                                 .unit = "px"})
                     .parameter({.id = "passes",
                                 .label = "Passes",
                                 .help = "How often.",
                                 .kind = ParameterKind::Int,
                                 .defaultValue = std::int64_t{1},
                                 .min = 1,
                                 .max = 9})
                     .parameter({.id = "edges",
                                 .label = "Edges",
                                 .help = "What lies beyond.",
                                 .kind = ParameterKind::Choice,
                                 .defaultValue = std::string("clamp"),
                                 .choices = {{"clamp", "Clamp"}, {"mirror", "Mirror"}}})
                     .parameter({.id = "linear",
                                 .label = "Linear light",
                                 .help = "As light adds up.",
                                 .kind = ParameterKind::Bool,
                                 .defaultValue = true})
                     .onRun(nothing));
    registry.add(NodeDeclaration("test.mix", 1, "Mix", "Image/Composite")
                     .describe("Puts one picture over another.")
                     .keywords("blend over composite")
                     .input({.id = "below", .label = "Below", .type = "image"})
                     .input({.id = "above", .label = "Above", .type = "image"})
                     .input({.id = "mask", .label = "Mask", .type = "mask", .optional = true})
                     .output({.id = "image", .label = "Image", .type = "image"})
                     .parameter({.id = "share",
                                 .label = "Share",
                                 .help = "How much of the upper one.",
                                 .defaultValue = 0.5,
                                 .min = 0,
                                 .max = 1})
                     .parameter({.id = "tint",
                                 .label = "Tint",
                                 .help = "A colour.",
                                 .kind = ParameterKind::Color,
                                 .defaultValue = graph::Color{0.9f, 0.6f, 0.2f, 1}})
                     .onRun(nothing));
    registry.add(NodeDeclaration("test.upscale", 1, "Upscale", "Restore")
                     .describe("Enlarges a picture four times with a trained network.")
                     .keywords("enlarge super resolution")
                     .input({.id = "image", .label = "Image", .type = "image"})
                     .output({.id = "image", .label = "Image", .type = "image"})
                     .parameter({.id = "model",
                                 .label = "Model",
                                 .help = "Weights.",
                                 .kind = ParameterKind::Model,
                                 .defaultValue = std::string("realesrgan-x4plus")})
                     .parameter({.id = "tile",
                                 .label = "Tile",
                                 .help = "Side of a tile; 0 chooses.",
                                 .kind = ParameterKind::Int,
                                 .defaultValue = std::int64_t{0},
                                 .min = 0,
                                 .softMax = 1024,
                                 .unit = "px"})
                     .parameter({.id = "seed",
                                 .label = "Seed",
                                 .help = "Start of chance.",
                                 .kind = ParameterKind::Seed,
                                 .defaultValue = std::int64_t{42},
                                 .min = 0})
                     .onRun(nothing));
    registry.add(NodeDeclaration("test.save", 1, "Save picture", "Output")
                     .describe("Writes a picture to a file.")
                     .keywords("write export")
                     .sink()
                     .input({.id = "image", .label = "Image", .type = "image"})
                     .input({.id = "more", .label = "More", .type = "image", .list = true, .optional = true})
                     .parameter({.id = "path",
                                 .label = "File",
                                 .help = "Where to.",
                                 .kind = ParameterKind::SaveFile,
                                 .defaultValue = std::string("out.png")})
                     .onRun(nothing));
    registry.add(NodeDeclaration("test.number", 1, "Number", "Value")
                     .describe("A number for others.")
                     .keywords("value constant")
                     .output({.id = "value", .label = "Value", .type = "float"})
                     .parameter({.id = "value", .label = "Value", .help = "The number.", .defaultValue = 1.0})
                     .onRun(nothing));
    registry.add(NodeDeclaration("test.prompt", 1, "Prompt", "Text")
                     .describe("Words for a model.")
                     .keywords("text")
                     .output({.id = "text", .label = "Text", .type = "text"})
                     .parameter({.id = "text",
                                 .label = "Prompt",
                                 .help = "What to paint.",
                                 .kind = ParameterKind::LongText,
                                 .defaultValue =
                                     std::string("a harbour at dawn, long exposure, fog over still water")})
                     .onRun(nothing));
    registry.add(NodeDeclaration("test.scene", 1, "Load splats", "Scene/File")
                     .describe("Reads Gaussian splats from a file.")
                     .keywords("ply splat")
                     .output({.id = "scene", .label = "Scene", .type = "scene"})
                     .parameter({.id = "path",
                                 .label = "File",
                                 .help = "The cloud.",
                                 .kind = ParameterKind::File,
                                 .defaultValue = std::string("biker.compressed.ply")})
                     .onRun(nothing));
}

CanvasTest::CanvasTest() {
    addTestNodes(m_registry);
    m_canvas = std::make_unique<Canvas>(m_document, m_registry);
    QObject::connect(m_canvas.get(), &Canvas::failed, m_canvas.get(),
                     [this](const QString& message) { m_failure = message; });
    m_canvas->resize(1280, 800);
    m_canvas->show();
    m_canvas->activateWindow();
    m_canvas->setFocus();
    QTest::qWait(1);
    m_canvas->setZoom(1, {});
    m_canvas->lookAt({500, 300});
}

NodeId CanvasTest::add(const std::string& type, double x, double y, const std::string& label) {
    NodeId id = 0;
    m_document.edit("Add", [&](Graph& g) {
        graph::Node node;
        node.type = type;
        node.label = label;
        node.look.x = x;
        node.look.y = y;
        id = g.add(std::move(node));
    });
    return id;
}

void CanvasTest::link(NodeId from, const std::string& output, NodeId to, const std::string& input) {
    m_document.edit("Link", [&](Graph& g) { g.connect({from, output}, to, input); });
}

void CanvasTest::makeRow() {
    m_load = add("test.load", 0, 200);
    m_blur = add("test.blur", 340, 200);
    m_save = add("test.save", 640, 200);
    link(m_load, "image", m_blur, "image");
    link(m_blur, "image", m_save, "image");
}

QPoint CanvasTest::socket(NodeId node, const std::string& id, bool output) const {
    return at(m_canvas->canvasScene().socketPosition({node, id, output}).value());
}

QPoint CanvasTest::header(NodeId node) const {
    return at(m_canvas->canvasScene().node(node)->pos() + QPointF(60, 14));
}

QPoint CanvasTest::field(NodeId node, const std::string& parameter, double share) const {
    const NodeItem* item = m_canvas->canvasScene().node(node);
    const QRectF rect = item->face().fieldRect(*item->face().rowOf(parameter)).translated(item->pos());
    return at(QPointF(rect.left() + rect.width() * share, rect.center().y()));
}

QPoint CanvasTest::linkMiddle(NodeId to, const std::string& input) const {
    return at(m_canvas->canvasScene().link({to, input})->path().pointAtPercent(0.5));
}

void CanvasTest::press(QPoint p, Qt::MouseButton button, Qt::KeyboardModifiers mods) {
    QTest::mousePress(m_canvas->viewport(), button, mods, p);
}

void CanvasTest::moveTo(QPoint p, Qt::MouseButtons buttons, Qt::KeyboardModifiers mods) {
    // QTest::mouseMove carries no buttons on the offscreen platform.
    QMouseEvent move(QEvent::MouseMove, p, m_canvas->viewport()->mapToGlobal(p), Qt::NoButton, buttons, mods);
    QApplication::sendEvent(m_canvas->viewport(), &move);
}

void CanvasTest::release(QPoint p, Qt::MouseButton button, Qt::KeyboardModifiers mods) {
    QTest::mouseRelease(m_canvas->viewport(), button, mods, p);
}

void CanvasTest::click(QPoint p, Qt::KeyboardModifiers mods) {
    press(p, Qt::LeftButton, mods);
    release(p, Qt::LeftButton, mods);
    QTest::qWait(1);
}

void CanvasTest::doubleClick(QPoint p) {
    click(p);
    QTest::mouseDClick(m_canvas->viewport(), Qt::LeftButton, {}, p);
    QTest::qWait(1);
}

void CanvasTest::drag(QPoint from, QPoint to, Qt::MouseButton button, Qt::KeyboardModifiers mods) {
    press(from, button, mods);
    for (int i = 1; i <= 8; ++i) moveTo(from + (to - from) * i / 8, button, mods);
    release(to, button, mods);
    QTest::qWait(1);
}

void CanvasTest::key(int key, Qt::KeyboardModifiers mods) {
    QTest::keyClick(m_canvas.get(), Qt::Key(key), mods);
}

void CanvasTest::type(const QString& text) {
    QTest::keyClicks(QApplication::focusWidget() ? QApplication::focusWidget() : m_canvas.get(), text);
}

void CanvasTest::typeKey(int key) {
    QTest::keyClick(QApplication::focusWidget() ? QApplication::focusWidget() : m_canvas.get(), Qt::Key(key));
}

bool CanvasTest::linked(NodeId from, NodeId to, const std::string& input) const {
    const auto& inputs = graph().at(to).inputs;
    const auto it = inputs.find(input);
    return it != inputs.end() && it->second.node == from;
}

QImage screenshot(QWidget& widget, const QString& name, double ratio) {
    QTest::qWait(1);
    QImage image(widget.size() * ratio, QImage::Format_RGB32);
    image.setDevicePixelRatio(ratio);
    widget.render(&image);
    const QString folder = qEnvironmentVariable("OCHRE_TEST_BUILD", QDir::tempPath()) + "/screenshots";
    QDir().mkpath(folder);
    image.save(folder + '/' + name + ".png");
    return image;
}

} // namespace ochre::ui::test
