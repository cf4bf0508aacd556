// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/bridge/TrainingProcess.h"

#include <algorithm>

#include <QDir>
#include <QFile>
#include <QFileInfo>

#include "core/base/Error.h"
#include "core/base/Json.h"
#include "core/base/Paths.h"

namespace ochre::ui {
namespace {

constexpr int kLookMs = 500, kStopMs = 15000;
constexpr std::size_t kRateSteps = 20; // whose times give the time left

/// The program itself; beside other executables of the same build it lies in bin.
QString program() {
    const std::filesystem::path folder = paths::executable();
    for (const std::filesystem::path& path : {folder / "ochre", folder / "../bin/ochre"})
        if (std::filesystem::exists(path)) return QString::fromStdString(path.lexically_normal().string());
    return QStringLiteral("ochre");
}

/// The error that the program printed, or what its end looked like.
std::pair<QString, QString> errorOf(const QByteArray& output, int status) {
    try {
        const Json json = parseJson(output.toStdString(), "ochre train");
        const Json& error = json.at("error");
        return {QString::fromStdString(error.value("message", std::string())), QString::fromStdString(error.value("hint", std::string()))};
    } catch (const std::exception&) {
        return {QObject::tr("the training ended unexpectedly (%1)").arg(status),
                QObject::tr("continue it: it goes on from its last saved state")};
    }
}

} // namespace

TrainingProcess::TrainingProcess(QObject* parent) : QObject(parent) {
    m_timer.setInterval(kLookMs);
    connect(&m_timer, &QTimer::timeout, this, &TrainingProcess::readFolder);
}

TrainingProcess::~TrainingProcess() {
    if (!running()) return;
    m_process->disconnect(this);
    m_process->terminate();
    m_process->waitForFinished(kStopMs);
}

void TrainingProcess::loadRecipes() {
    if (m_lister || !m_recipes.empty()) return;
    m_lister = std::make_unique<QProcess>();
    connect(m_lister.get(), &QProcess::finished, this, [this](int status) {
        const QByteArray output = m_lister->readAllStandardOutput();
        m_lister.release()->deleteLater();
        try {
            const Json list = parseJson(output.toStdString(), "ochre train");
            for (const Json& recipe : list.at("recipes")) {
                TrainingRecipe one{recipe.at("id"), recipe.at("label"), recipe.at("help"), {}};
                for (const Json& parameter : recipe.at("parameters")) one.parameters.push_back(graph::Parameter::fromJson(parameter));
                m_recipes.push_back(std::move(one));
            }
            Q_EMIT recipesReady();
        } catch (const std::exception&) {
            const auto [what, hint] = errorOf(output, status);
            Q_EMIT failed(what, hint);
        }
    });
    connect(m_lister.get(), &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
        if (error == QProcess::FailedToStart)
            Q_EMIT failed(tr("the list of recipes could not be asked for: %1").arg(m_lister->errorString()), tr("run ./installer/run again"));
    });
    m_lister->start(program(), {QStringLiteral("train"), QStringLiteral("--json")});
}

void TrainingProcess::follow(const QString& folder) {
    if (running()) return;
    m_folder = folder;
    m_points.clear();
    m_samples.clear();
    m_settings.clear();
    m_recipe.clear();
    m_status.clear();
    m_result.clear();
    m_logRead = 0;
    m_total = 0;
    readFolder();
}

bool TrainingProcess::holdsTraining() const {
    return !m_folder.isEmpty() && QFile::exists(m_folder + QStringLiteral("/state.safetensors"));
}

void TrainingProcess::start(const std::string& recipe, const std::map<std::string, std::string>& settings, const QString& folder) {
    if (running()) return;
    follow(folder);
    QStringList words{QStringLiteral("train"), QString::fromStdString(recipe), QStringLiteral("-o"), folder,
                      QStringLiteral("--json"), QStringLiteral("--resume"), QStringLiteral("--save-every"), QStringLiteral("60")};
    for (const auto& [id, value] : settings)
        words << QStringLiteral("--set") << QString::fromStdString(id + "=" + value);
    m_output.clear();
    m_stopping = false;
    m_process = std::make_unique<QProcess>();
    connect(m_process.get(), &QProcess::readyReadStandardError, this, &TrainingProcess::readOutput);
    connect(m_process.get(), &QProcess::readyReadStandardOutput, this, [this] { m_output += m_process->readAllStandardOutput(); });
    connect(m_process.get(), &QProcess::finished, this, &TrainingProcess::finish);
    connect(m_process.get(), &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
        if (error == QProcess::FailedToStart)
            Q_EMIT failed(tr("the training could not be started: %1").arg(m_process->errorString()), tr("run ./installer/run again"));
    });
    m_process->start(program(), words);
    m_status = tr("starting");
    m_timer.start();
    Q_EMIT started();
}

void TrainingProcess::stop() {
    if (!running()) return;
    m_stopping = true;
    m_status = tr("saving");
    m_process->terminate();
    Q_EMIT changed();
}

void TrainingProcess::readOutput() {
    const QStringList lines = QString::fromUtf8(m_process->readAllStandardError()).split(QLatin1Char('\n'), Qt::SkipEmptyParts);
    if (lines.isEmpty() || m_stopping) return;
    m_status = lines.last().trimmed();
    Q_EMIT changed();
}

void TrainingProcess::finish(int status) {
    m_output += m_process->readAllStandardOutput();
    m_timer.stop();
    m_process.release()->deleteLater();
    readFolder();
    if (status != 0) {
        const auto [what, hint] = errorOf(m_output, status);
        m_status = tr("stopped by an error");
        Q_EMIT failed(what, hint);
    } else {
        m_status = m_total > 0 && static_cast<std::int64_t>(m_points.size()) >= m_total ? tr("finished") : tr("stopped");
        try {
            const std::string result = parseJson(m_output.toStdString(), "ochre train").value("result", std::string());
            if (!result.empty()) m_result = m_folder + QLatin1Char('/') + QString::fromStdString(result);
        } catch (const std::exception&) {
            m_result.clear();
        }
    }
    Q_EMIT changed();
    Q_EMIT ended();
}

void TrainingProcess::readFolder() {
    QFile file(m_folder + QStringLiteral("/settings.json"));
    if (!m_folder.isEmpty() && file.open(QIODevice::ReadOnly)) {
        try {
            const Json json = parseJson(file.readAll().toStdString(), "settings.json");
            m_recipe = json.at("recipe");
            m_settings.clear();
            for (const auto& [id, value] : json.at("settings").items())
                m_settings[id] = graph::toText(graph::parameterFromJson(value));
            m_total = json.at("settings").value("steps", std::int64_t{0});
        } catch (const std::exception&) {
            m_recipe.clear();
        }
    }
    readLog();
    m_samples.clear();
    const QDir samples(m_folder + QStringLiteral("/samples"));
    for (const QString& name : samples.entryList({QStringLiteral("*.png")}, QDir::Files, QDir::Name)) m_samples << samples.filePath(name);
    Q_EMIT changed();
}

/// What came since the last look; a log that became shorter is read from its beginning.
void TrainingProcess::readLog() {
    QFile log(m_folder + QStringLiteral("/log.jsonl"));
    if (m_folder.isEmpty() || !log.open(QIODevice::ReadOnly)) return;
    if (log.size() < m_logRead) {
        m_points.clear();
        m_logRead = 0;
    }
    log.seek(m_logRead);
    while (!log.atEnd()) {
        const QByteArray line = log.readLine();
        if (!line.endsWith('\n')) break; // still being written
        m_logRead += line.size();
        try {
            const Json json = parseJson(line.toStdString(), "log.jsonl");
            const auto number = [&json](const char* key) { return json.at(key).is_number() ? json.at(key).get<double>() : 0.0; };
            m_points.push_back({json.at("step"), number("loss"), number("rate"), number("seconds")});
        } catch (const std::exception&) {
            continue; // a line that is none is no point
        }
    }
}

double TrainingProcess::secondsLeft() const {
    if (!running() || m_points.size() < 2 || m_total <= 0) return -1;
    const std::size_t count = std::min(kRateSteps, m_points.size());
    double seconds = 0;
    for (std::size_t i = m_points.size() - count; i < m_points.size(); ++i) seconds += m_points[i].seconds;
    return seconds / static_cast<double>(count) * static_cast<double>(m_total - m_points.back().step - 1);
}

} // namespace ochre::ui
