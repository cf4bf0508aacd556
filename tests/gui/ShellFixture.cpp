// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/gui/ShellFixture.h"

#include <cmath>
#include <random>
#include <thread>

#include "core/base/Paths.h"
#include "core/graph/RunContext.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"
#include "core/scene/SplatCloud.h"
#include "tests/gui/StudioNodes.h"
#include "ui/canvas/Canvas.h"
#include "ui/panels/Inspector.h"
#include "ui/theme/Theme.h"
#include "ui/viewport/Viewport.h"

namespace ochre::ui::shell {
namespace {

using graph::NodeDeclaration;
using graph::ParameterKind;
using graph::RunContext;

void runGradient(RunContext& run) {
    const int width = static_cast<int>(run.integer("width")), height = width * 2 / 3;
    const graph::Color tint = run.color("tint");
    const auto level = static_cast<float>(run.number("level"));
    Image image(width, height, 3);
    float* p = image.edit().data();
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
            for (std::size_t c = 0; c < 3; ++c)
                *p++ = level * tint[c] *
                       (0.35f + 0.65f * static_cast<float>(c == 0 ? x : y) /
                                    static_cast<float>(c == 0 ? width : height));
    run.setOutput("image", nodes::makeImageValue(std::move(image)));
}

void runSlow(RunContext& run) {
    const auto steps = static_cast<std::uint64_t>(run.number("seconds") * 100);
    for (std::uint64_t i = 0; i < steps; ++i) {
        run.cancel().check();
        run.progress().report(i, steps, "step");
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    run.setOutput("image", run.input("image"));
}

/// A ring of coloured splats around a white middle.
SplatCloud makeCloud(int count) {
    SplatData d;
    std::mt19937 random(7);
    std::normal_distribution<float> spread(0.0f, 0.06f);
    for (int i = 0; i < count; ++i) {
        const float a = static_cast<float>(i) * 6.2831853f / static_cast<float>(count);
        const bool middle = i % 6 == 0;
        const float r = middle ? 0.25f : 1.0f;
        for (const float v : {r * std::cos(a) + spread(random), spread(random) * (middle ? 4.0f : 1.0f),
                              r * std::sin(a) + spread(random)})
            d.positions.push_back(v);
        for (int k = 0; k < 3; ++k) d.logScales.push_back(-3.2f);
        for (const float v : {1.0f, 0.0f, 0.0f, 0.0f}) d.rotations.push_back(v);
        d.opacities.push_back(3);
        for (int k = 0; k < 3; ++k)
            d.sh0.push_back(middle ? 1.5f : 1.6f * std::cos(a + static_cast<float>(k) * 2.1f));
    }
    return SplatCloud(std::move(d), "ring");
}

NodeDeclaration gradient() {
    return NodeDeclaration("shell.gradient", 1, "Gradient", "Image/Make")
        .describe("Paints a gradient of two directions, tinted.")
        .output({.id = "image", .label = "Image", .type = "image"})
        .parameter({.id = "width",
                    .label = "Width",
                    .help = "Of the picture.",
                    .kind = ParameterKind::Int,
                    .defaultValue = std::int64_t{600},
                    .min = 8,
                    .max = 4096,
                    .softMax = 1200,
                    .unit = "px"})
        .parameter({.id = "level",
                    .label = "Brightness",
                    .help = "All values times this.",
                    .defaultValue = 1.0,
                    .min = 0,
                    .max = 4,
                    .softMax = 2})
        .parameter({.id = "tint",
                    .label = "Tint",
                    .help = "Colour of the light.",
                    .kind = ParameterKind::Color,
                    .defaultValue = graph::Color{0.9f, 0.62f, 0.25f, 1}})
        .parameter({.id = "shape",
                    .label = "Shape",
                    .help = "How it runs.",
                    .kind = ParameterKind::Choice,
                    .defaultValue = std::string("linear"),
                    .choices = {{"linear", "Linear"}, {"round", "Round"}}})
        .parameter({.id = "center",
                    .label = "Centre",
                    .help = "Of a round gradient.",
                    .defaultValue = 0.5,
                    .min = 0,
                    .max = 1,
                    .visibleWhenId = "shape",
                    .visibleWhenValues = "round"})
        .parameter({.id = "dither",
                    .label = "Dither",
                    .help = "Hides steps.",
                    .kind = ParameterKind::Bool,
                    .defaultValue = true})
        .parameter({.id = "seed",
                    .label = "Seed",
                    .help = "Start of chance.",
                    .kind = ParameterKind::Seed,
                    .defaultValue = std::int64_t{42},
                    .min = 0,
                    .group = "Chance"})
        .parameter({.id = "note",
                    .label = "Note",
                    .help = "Words that go with it.",
                    .kind = ParameterKind::LongText,
                    .defaultValue = std::string("Warm light from the left, as in the morning."),
                    .group = "Words"})
        .onRun(runGradient);
}

} // namespace

void addShellNodes(graph::NodeRegistry& registry) {
    registry.add(gradient());
    registry.add(NodeDeclaration("shell.slow", 1, "Slow copy", "Image/Make")
                     .describe("Takes its time.")
                     .input({.id = "image", .label = "Image", .type = "image"})
                     .output({.id = "image", .label = "Image", .type = "image"})
                     .parameter({.id = "seconds",
                                 .label = "Seconds",
                                 .help = "How long.",
                                 .defaultValue = 0.0,
                                 .min = 0,
                                 .max = 100,
                                 .unit = "s"})
                     .onRun(runSlow));
    registry.add(NodeDeclaration("shell.fail", 1, "Fail", "Image/Make")
                     .describe("Cannot be done.")
                     .sink()
                     .input({.id = "image", .label = "Image", .type = "image"})
                     .output({.id = "image", .label = "Image", .type = "image"})
                     .onRun([](RunContext&) { throw Error("fail: the number seen was 12", "give it 11"); }));
    registry.add(NodeDeclaration("shell.cloud", 1, "Ring of splats", "Scene/Make")
                     .describe("A scene to look at.")
                     .output({.id = "scene", .label = "Scene", .type = "scene"})
                     .parameter({.id = "count",
                                 .label = "Splats",
                                 .help = "How many.",
                                 .kind = ParameterKind::Int,
                                 .defaultValue = std::int64_t{1500},
                                 .min = 1,
                                 .max = 100000})
                     .onRun([](RunContext& run) {
                         SplatCloud cloud = makeCloud(static_cast<int>(run.integer("count")));
                         const std::size_t bytes = cloud.bytes();
                         run.setOutput("scene", graph::Value::make("scene", std::move(cloud), bytes));
                     }));
    registry.add(NodeDeclaration("shell.view", 1, "Look at it", "Output")
                     .describe("Shows a picture.")
                     .sink()
                     .input({.id = "image", .label = "Image", .type = "image"})
                     .output({.id = "image", .label = "Image", .type = "image"})
                     .onRun([](RunContext& run) { run.setOutput("image", run.input("image")); }));
    registry.add(NodeDeclaration("shell.look", 1, "Look around", "Output")
                     .describe("Shows a scene.")
                     .sink()
                     .input({.id = "scene", .label = "Scene", .type = "scene"})
                     .onRun([](RunContext& run) { run.input("scene"); }));
}

ShellTest::ShellTest() {
    std::error_code error;
    std::filesystem::remove_all(paths::config(), error); // each test starts as a new user would
    std::filesystem::remove_all(paths::state(), error);
}

ShellTest::~ShellTest() {
    m_window.reset();
    m_session.reset();
    Theme::instance().setMode(Mode::Dark);
}

void ShellTest::open(QSize size) {
    session::Options options;
    options.autosave = true;
    m_session = std::make_unique<session::Session>(options);
    addShellNodes(m_session->registry());
    addStudioNodes(m_session->registry());
    m_window = std::make_unique<MainWindow>(*m_session);
    m_window->resize(size);
    m_window->show();
    m_window->activateWindow();
    QTest::qWait(30);
}

NodeId ShellTest::add(const std::string& type, double x, double y) {
    NodeId id = 0;
    document().edit("Add", [&](graph::Graph& graph) {
        graph::Node node;
        node.type = type;
        node.look.x = x;
        node.look.y = y;
        id = graph.add(std::move(node));
    });
    return id;
}

void ShellTest::link(NodeId from, const std::string& output, NodeId to, const std::string& input) {
    document().edit("Link", [&](graph::Graph& graph) { graph.connect({from, output}, to, input); });
}

void ShellTest::makePictureGraph() {
    m_gradient = add("shell.gradient", 0, 0);
    m_slow = add("shell.slow", 300, 40);
    m_view = add("shell.view", 600, 0);
    link(m_gradient, "image", m_slow, "image");
    link(m_slow, "image", m_view, "image");
    m_window->viewport().setViewed(m_view);
    m_window->canvas().fitAll();
    QTest::qWait(10);
}

void ShellTest::makeSceneGraph() {
    m_cloud = add("shell.cloud", 0, 0);
    m_view = add("shell.look", 300, 0);
    link(m_cloud, "scene", m_view, "scene");
    m_window->viewport().setViewed(m_view);
    m_window->canvas().fitAll();
    QTest::qWait(10);
}

void ShellTest::makeStudioGraph(std::int64_t milliseconds, std::int64_t repeats) {
    m_prompt = add("stub.prompt", 0, 0);
    const NodeId negative = add("stub.prompt", 0, 180);
    m_sample = add("stub.sample", 300, 40);
    m_decode = add("stub.decode", 580, 40);
    m_view = add("shell.view", 860, 40);
    document().edit("Set", [&](graph::Graph& g) {
        g.setParameter(m_prompt, "text", std::string("a red fox in the snow, morning light"));
        g.setParameter(negative, "text", std::string("blurry"));
        g.setParameter(m_sample, "ms", milliseconds);
        g.setParameter(m_sample, "repeats", repeats);
    });
    link(negative, "conditioning", m_sample, "negative");
    link(m_prompt, "conditioning", m_sample, "positive");
    link(m_sample, "latent", m_decode, "latent");
    link(m_decode, "image", m_view, "image");
    m_window->viewport().setViewed(m_view);
    m_window->canvas().fitAll();
    QTest::qWait(10);
}

void ShellTest::click(QWidget* widget, QPoint at) {
    ASSERT_NE(widget, nullptr);
    QTest::mouseClick(widget, Qt::LeftButton, {}, at.isNull() ? widget->rect().center() : at);
}

void ShellTest::drag(QWidget* widget, QPoint from, QPoint to, Qt::MouseButton button,
                     Qt::KeyboardModifiers mods) {
    QTest::mousePress(widget, button, mods, from);
    for (int i = 1; i <= 8; ++i) {
        const QPoint at = from + (to - from) * i / 8;
        QMouseEvent move(QEvent::MouseMove, at, widget->mapToGlobal(at), Qt::NoButton, button,
                         mods); // carries the button
        QApplication::sendEvent(widget, &move);
        QTest::qWait(2);
    }
    QTest::mouseRelease(widget, button, mods, to);
}

bool ShellTest::wait(const std::function<bool()>& until, int milliseconds) {
    return QTest::qWaitFor(until, milliseconds);
}

void ShellTest::runAndWait() {
    const std::size_t before = m_session->jobs().size();
    click(find<QWidget>(QStringLiteral("run")));
    ASSERT_TRUE(wait([&] { return m_session->jobs().size() > before && m_session->idle(); }));
    QTest::qWait(2 * Bridge::kFlushMilliseconds + 20);
}

void ShellTest::drop(QWidget* widget, const QStringList& files) {
    QMimeData data;
    QList<QUrl> urls;
    for (const QString& file : files) urls << QUrl::fromLocalFile(file);
    data.setUrls(urls);
    const QPoint at = widget->rect().center();
    QDragEnterEvent enter(at, Qt::CopyAction, &data, Qt::LeftButton, {});
    QApplication::sendEvent(widget, &enter);
    QDropEvent event(at, Qt::CopyAction, &data, Qt::LeftButton, {});
    QApplication::sendEvent(widget, &event);
}

double ShellTest::number(NodeId node, const std::string& parameter) const {
    const auto& set = m_session->document().graph().at(node).parameters;
    const auto found = set.find(parameter);
    if (found == set.end()) return std::nan("");
    if (const auto* i = std::get_if<std::int64_t>(&found->second)) return static_cast<double>(*i);
    return std::get<double>(found->second);
}

QImage shot(QWidget& widget, const QString& name) {
    QTest::qWait(5);
    const QImage image = widget.grab().toImage().convertToFormat(QImage::Format_RGB32);
    if (!name.isEmpty()) {
        const QString folder =
            qEnvironmentVariable("OCHRE_TEST_BUILD", QDir::tempPath()) + QStringLiteral("/screenshots");
        QDir().mkpath(folder);
        image.save(folder + QLatin1Char('/') + name + QStringLiteral(".png"));
    }
    return image;
}

double difference(const QImage& a, const QImage& b) {
    if (a.size() != b.size() || a.isNull()) return 255;
    double sum = 0;
    for (int y = 0; y < a.height(); ++y)
        for (int x = 0; x < a.width(); ++x) {
            const QRgb p = a.pixel(x, y), q = b.pixel(x, y);
            sum +=
                std::abs(qRed(p) - qRed(q)) + std::abs(qGreen(p) - qGreen(q)) + std::abs(qBlue(p) - qBlue(q));
        }
    return sum / (3.0 * a.width() * a.height());
}

} // namespace ochre::ui::shell
