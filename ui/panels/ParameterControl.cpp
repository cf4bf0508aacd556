// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/ParameterControl.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QMouseEvent>
#include <QRandomGenerator>
#include <QToolButton>

#include "core/library/ModelFolder.h"
#include "core/session/MainPrompt.h"
#include "ui/panels/Fields.h"
#include "ui/panels/NumberField.h"
#include "ui/panels/PromptField.h"
#include "ui/theme/Icons.h"
#include "ui/theme/Theme.h"

namespace ochre::ui {
namespace {

QString q(const std::string& text) {
    return QString::fromStdString(text);
}

/// A menu that scrolls the panel instead of its own value unless it was clicked first.
class CalmCombo : public QComboBox {
public:
    CalmCombo() {
        setFocusPolicy(Qt::StrongFocus);
        setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
        setMinimumContentsLength(6);
    }

protected:
    void wheelEvent(QWheelEvent* event) override {
        if (hasFocus())
            QComboBox::wheelEvent(event);
        else
            event->ignore();
    }
};

double asNumber(const graph::ParameterValue& value) {
    if (const auto* i = std::get_if<std::int64_t>(&value)) return static_cast<double>(*i);
    if (const auto* d = std::get_if<double>(&value)) return *d;
    return 0;
}

QString asText(const graph::ParameterValue& value) {
    const auto* text = std::get_if<std::string>(&value);
    return text ? q(*text) : QString();
}

NumberRange rangeOf(const graph::Parameter& p, bool integer) {
    NumberRange range{p.min,   p.max,    p.softMin ? p.softMin : p.min, p.softMax ? p.softMax : p.max, p.step,
                      integer, q(p.unit)};
    return range;
}

QStringList modelNames(const std::string& kind) {
    QStringList names;
    for (const library::ModelFile& file : library::listModels(kind)) names << q(file.reference);
    names.removeDuplicates(); // the first folder that has one goes before the others
    names.sort();
    return names;
}

} // namespace

ParameterControl::ParameterControl(const graph::Parameter& parameter, QWidget* parent)
    : QWidget(parent), m_parameter(parameter) {
    using Kind = graph::ParameterKind;
    QWidget* control = nullptr;
    switch (parameter.kind) {
    case Kind::Bool:
        control = makeCheck();
        break;
    case Kind::Int:
        control = makeNumber(true);
        break;
    case Kind::Float:
        control = makeNumber(false);
        break;
    case Kind::Text:
        control = makeText();
        break;
    case Kind::LongText:
        control = makeLongText();
        break;
    case Kind::Choice:
        control = makeChoice();
        break;
    case Kind::File:
    case Kind::SaveFile:
    case Kind::Folder:
        control = makePath();
        break;
    case Kind::Model:
        control = makeModel();
        break;
    case Kind::Color:
        control = makeColor();
        break;
    case Kind::Seed:
        control = makeSeed();
        break;
    }
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(control);
    setFocusProxy(control);
    control->setAccessibleName(q(parameter.label));
    control->setObjectName(q("control." + parameter.id));
    QString tip = q(parameter.help);
    if (parameter.min && parameter.max)
        tip += QStringLiteral("\n%1 … %2 %3").arg(*parameter.min).arg(*parameter.max).arg(q(parameter.unit));
    setToolTip(tip.trimmed());
}

void ParameterControl::setValue(const graph::ParameterValue& value, bool mixed) {
    m_showing = true;
    m_show(value, mixed);
    m_showing = false;
}

QWidget* ParameterControl::makeNumber(bool integer) {
    auto* field = new NumberField(rangeOf(m_parameter, integer));
    connect(field, &NumberField::edited, this, [this, integer](double value) {
        if (integer)
            tell(static_cast<std::int64_t>(value));
        else
            tell(value);
    });
    connect(field, &NumberField::editEnded, this, &ParameterControl::editEnded);
    connect(field, &NumberField::resetRequested, this, &ParameterControl::resetRequested);
    m_show = [field](const graph::ParameterValue& value, bool mixed) {
        field->setValue(asNumber(value));
        field->setMixed(mixed);
    };
    return field;
}

QWidget* ParameterControl::makeSeed() {
    auto* box = new QWidget;
    auto* layout = new QHBoxLayout(box);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(metrics::kGrid);
    NumberRange range = rangeOf(m_parameter, true);
    range.softMin.reset(); // no slider over four billion seeds
    range.softMax.reset();
    range.min = std::max(0.0, range.min.value_or(0));
    auto* field = new NumberField(range);
    auto* dice = new QToolButton;
    dice->setIcon(icon(QStringLiteral("dice")));
    dice->setToolTip(tr("Another seed"));
    dice->setAccessibleName(dice->toolTip());
    dice->setFixedSize(metrics::kControl, metrics::kControl);
    layout->addWidget(field, 1);
    layout->addWidget(dice);
    connect(field, &NumberField::edited, this,
            [this](double value) { tell(static_cast<std::int64_t>(value)); });
    connect(field, &NumberField::editEnded, this, &ParameterControl::editEnded);
    connect(field, &NumberField::resetRequested, this, &ParameterControl::resetRequested);
    connect(dice, &QToolButton::clicked, this, [this] {
        tell(static_cast<std::int64_t>(QRandomGenerator::global()->generate()));
        Q_EMIT editEnded();
    });
    m_show = [field](const graph::ParameterValue& value, bool mixed) {
        field->setValue(asNumber(value));
        field->setMixed(mixed);
    };
    return box;
}

QWidget* ParameterControl::makeText() {
    auto* line = new QLineEdit;
    connect(line, &QLineEdit::textEdited, this, [this](const QString& text) { tell(text.toStdString()); });
    connect(line, &QLineEdit::editingFinished, this, &ParameterControl::editEnded);
    m_show = [line](const graph::ParameterValue& value, bool mixed) {
        line->setPlaceholderText(mixed ? tr("mixed") : QString());
        const QString text = mixed ? QString() : asText(value);
        if (line->text() != text) line->setText(text);
    };
    return line;
}

QWidget* ParameterControl::makeLongText() {
    GrowingText* text = session::isPrompt(m_parameter) ? new PromptField : new GrowingText;
    connect(text, &QPlainTextEdit::textChanged, this, [this, text] {
        if (!m_showing) tell(text->toPlainText().toStdString());
    });
    connect(text, &GrowingText::focusLeft, this, &ParameterControl::editEnded);
    m_show = [text](const graph::ParameterValue& value, bool mixed) {
        text->setPlaceholderText(mixed ? tr("mixed") : QString());
        const QString now = mixed ? QString() : asText(value);
        if (text->toPlainText() != now) text->setPlainText(now);
    };
    return text;
}

QWidget* ParameterControl::makeChoice() {
    auto* menu = new CalmCombo;
    for (const graph::Choice& choice : m_parameter.choices) menu->addItem(q(choice.label), q(choice.id));
    connect(menu, &QComboBox::activated, this, [this, menu](int index) {
        tell(menu->itemData(index).toString().toStdString());
        Q_EMIT editEnded();
    });
    m_show = [menu](const graph::ParameterValue& value, bool mixed) {
        menu->setCurrentIndex(mixed ? -1 : menu->findData(asText(value)));
    };
    return menu;
}

QWidget* ParameterControl::makeModel() {
    auto* menu = new CalmCombo;
    menu->addItems(modelNames(m_parameter.filter));
    connect(menu, &QComboBox::activated, this, [this, menu](int index) {
        tell(menu->itemData(index).isValid() ? menu->itemData(index).toString().toStdString()
                                             : menu->itemText(index).toStdString());
        Q_EMIT editEnded();
    });
    m_show = [menu](const graph::ParameterValue& value, bool mixed) {
        const QString name = asText(value);
        int index = mixed ? -1 : menu->findText(name);
        if (index < 0 && !mixed && !name.isEmpty()) { // stays choosable while the file is away
            menu->addItem(tr("%1 (not found)").arg(name), name);
            index = menu->findData(name);
        }
        menu->setCurrentIndex(index);
    };
    return menu;
}

QWidget* ParameterControl::makePath() {
    using Kind = graph::ParameterKind;
    const auto kind = m_parameter.kind == Kind::Folder     ? PathField::Kind::Folder
                      : m_parameter.kind == Kind::SaveFile ? PathField::Kind::Save
                                                           : PathField::Kind::Open;
    auto* field = new PathField(kind, q(m_parameter.filter));
    connect(field, &PathField::edited, this, [this](const QString& path) {
        tell(path.toStdString());
        Q_EMIT editEnded();
    });
    m_show = [field](const graph::ParameterValue& value, bool mixed) {
        field->setPlaceholder(mixed ? tr("mixed") : tr("Drop or choose"));
        field->setPath(mixed ? QString() : asText(value));
    };
    return field;
}

QWidget* ParameterControl::makeColor() {
    auto* field = new ColorField;
    connect(field, &ColorField::edited, this, [this](const QColor& c) {
        tell(graph::Color{c.redF(), c.greenF(), c.blueF(), c.alphaF()});
    });
    connect(field, &ColorField::editEnded, this, &ParameterControl::editEnded);
    m_show = [field](const graph::ParameterValue& value, bool) {
        if (const auto* c = std::get_if<graph::Color>(&value))
            field->setColor(QColor::fromRgbF((*c)[0], (*c)[1], (*c)[2], (*c)[3]));
    };
    return field;
}

QWidget* ParameterControl::makeCheck() {
    auto* box = new CheckField;
    connect(box, &QAbstractButton::clicked, this, [this](bool on) {
        tell(on);
        Q_EMIT editEnded();
    });
    m_show = [box](const graph::ParameterValue& value, bool mixed) {
        const auto* on = std::get_if<bool>(&value);
        box->setChecked(on && *on && !mixed);
        box->setText(mixed ? tr("mixed") : QString());
    };
    return box;
}

} // namespace ochre::ui
